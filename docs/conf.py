"""The site: README, chapters with their stored outputs, and the docstrings; nothing is copied.

The source folder is the whole checkout, so that the links of README and chapters mean the same on
the site as in the repository: `make docs`.
"""

import inspect
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import quote, urlsplit

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

import keras  # noqa: E402
from docutils import nodes  # noqa: E402
from formulas import paragraph, typeset  # noqa: E402
from sphinx import addnodes  # noqa: E402

import kerasvae  # noqa: E402
from kerasvae.course.mathjax import mathjax_file  # noqa: E402

project = "kerasvae"
author = "The kerasvae developers"
version = release = kerasvae.__version__
root_doc = "README"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = [".*", "build", "runs"]  # folders that are not even looked into

GUIDES = (
    "install",
    "which_model",
    "your_images",
    "vectors",
    "sharing",
    "gallery",
    "faq",
    "glossary",
    "teachers",
)  # in the order of reading
# Pages under their headings in the table of contents. What a chapter lists, it also includes.
CONTENTS = {
    "Guides": [f"docs/{name}.md" for name in GUIDES],
    "Chapters": ["tutorials/[0-9][0-9]*_*.ipynb"],
    "Teaching": ["tutorials/assignments/README.md", "tutorials/assignments/guides/*.md"],
    "Reference": ["docs/api/*.md"],
    "Models": ["docs/api/models/*.md"],
    "Project": [
        "results/README.md",
        "results/full_scale.md",
        "results/estimators.md",
        "benchmarks/README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ],
}
include_patterns = ["README.md", *(pattern for part in CONTENTS.values() for pattern in part)]

nb_execution_mode = "off"  # what is stored is what was run and tested
myst_enable_extensions = ["dollarmath", "amsmath", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
autodoc_typehints = "none"  # the docstrings say shapes and units, which types do not
napoleon_use_ivar = True
napoleon_use_rtype = False
html_theme = "furo"
html_title = f"kerasvae {version}"
# Formulas are drawn by a copy of MathJax on the site, so that it needs no network.
html_static_path = ["static", str(mathjax_file())]
mathjax_path = mathjax_file().name
mathjax3_config = {"options": {"enableMenu": False}}  # the menu would ask for further files
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False


def write_model_pages(app):
    """Write docs/api/models/NAME.md for each class of kerasvae.models; git ignores them."""
    folder = ROOT / "docs" / "api" / "models"
    names = {model: name for name, model in kerasvae.models.BY_NAME.items()}
    pages = {}
    for shown in sorted(kerasvae.models.__all__, key=str.lower):
        model = getattr(kerasvae.models, shown)
        if inspect.isclass(model):
            command = f"`kerasvae train {names[model]}`\n\n" if model in names else ""
            directive = f"```{{eval-rst}}\n.. autoclass:: kerasvae.models.{shown}\n```\n"
            page = model.__module__.rpartition(".")[2]
            formula = typeset(paragraph(model))
            stated = f"To be minimised:\n\n$$\n{formula}\n$$\n\n" if formula else ""
            pages[f"{page}.md"] = f"# {shown}\n\n{command}{stated}{directive}"
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.md"):
        if path.name not in pages:  # of a class that is gone
            path.unlink()
    for page, text in pages.items():
        path = folder / page
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def add_contents(app, docname, source):
    """Give the README, which is the front page, the site's table of contents."""
    if docname != root_doc:
        return
    for caption, patterns in CONTENTS.items():
        paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
        pages = "\n".join(path.relative_to(ROOT).with_suffix("").as_posix() for path in paths)
        if pages:
            source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"


def add_badge(app, docname, source):
    """Let a chapter's page open the chapter in a hosted notebook, where the repository is public.

    Its address is that of `Repository` under [project.urls] in pyproject.toml; without one there
    is nothing that a host could open, and no badge.
    """
    repository = PYPROJECT["project"].get("urls", {}).get("Repository", "")
    if re.match(r"tutorials/\d", docname) and repository:
        notebook = json.loads(source[0])
        notebook["cells"].insert(1, badge(repository, docname))
        source[0] = json.dumps(notebook)


def badge(repository: str, docname: str) -> dict:
    """A cell with the badge of Binder, which builds environment.yml and opens the chapter."""
    path = urlsplit(repository).path.strip("/").removesuffix(".git")
    opened = quote(f"lab/tree/{docname}.ipynb", safe="")
    image = "https://mybinder.org/badge_logo.svg"
    link = f"https://mybinder.org/v2/gh/{path}/HEAD?urlpath={opened}"
    text = f"[![open in a hosted notebook]({image})]({link})"
    return {"cell_type": "markdown", "id": "badge", "metadata": {}, "source": text}


# Docstrings are plain text with sections; Sphinx reads reStructuredText.

SECTIONS = ("Formula:", "Args:", "Returns:", "Yields:", "Raises:", "References:", "Example:")
INDENT = "    "
FORMULA = [".. rubric:: Formula", "", ".. code-block:: text", ""]
CHAPTER = re.compile(r"Chapter \d+[a-z]?: (tutorials/\w+)\.ipynb\.")
SEE_CHAPTER = ".. seealso:: :doc:`/{}`"
CODE = re.compile(r"`([^`]+)`")
# Stars and bars, an underscore that ends a word, and the point of a lone letter, as of a list.
MARKUP = re.compile(r"[|*\\]|_(?=\W|$)|(?<=\b[A-Za-z])\.(?=\s|$)")
CLASS = re.compile(r"(?:kerasvae\.)?(?:\w+\.)*[A-Z][a-z]*[A-Z]\w*")


def as_restructured_text(app, what, name, obj, options, lines):
    """Rewrite a docstring in place, before napoleon turns its sections into fields."""
    if what == "data" and inspect.getdoc(obj) == inspect.getdoc(type(obj)):
        lines.clear()  # what a dict is, which nobody asked
    section, result = "", []
    for line in lines:
        if chapter := CHAPTER.fullmatch(line):
            result.append(SEE_CHAPTER.format(chapter[1]))
            continue
        if line in SECTIONS:
            section = line
            result += FORMULA if line == "Formula:" else [line]
            continue
        if line and not line.startswith(INDENT):
            section = ""
        verbatim = section in ("Formula:", "Example:") or line.lstrip().startswith((">>>", "..."))
        result.append(line if verbatim else as_text(line))
    lines[:] = result
    home = inspect.getmodule(obj) if what in ("class", "function") else None
    if home and not name.startswith(f"{home.__name__}."):  # shown away from its own module
        chapter = CHAPTER.search(home.__doc__ or "")
        lines += ["", SEE_CHAPTER.format(chapter[1])] if chapter else []


def as_text(line: str) -> str:
    """A line with its code as literals, or links to classes, and nothing else that is markup."""
    parts = CODE.split(line)
    for number, part in enumerate(parts):
        if number % 2 == 0:
            parts[number] = MARKUP.sub(r"\\\g<0>", part)
        elif CLASS.fullmatch(part):
            parts[number] = f":py:obj:`~.{part}`"
        else:
            parts[number] = f"``{part}``"
    return "".join(parts)


def signature(app, what, name, obj, options, given, returned):
    """A Keras class's own arguments; Keras's `__new__` hides them behind *args."""
    if what != "class" or not issubclass(obj, keras.layers.Layer):
        return None
    own = inspect.signature(obj.__init__)
    parameters = [
        parameter.replace(annotation=parameter.empty)
        for parameter in list(own.parameters.values())[1:]
    ]
    return str(own.replace(parameters=parameters, return_annotation=own.empty)), None


def link_to_sources(app, doctree, docname):
    """Let a link to a Python file open its page on the site, instead of downloading it."""
    shown = getattr(app.env, "_viewcode_modules", {})
    for link in list(doctree.findall(addnodes.download_reference)):
        target = (ROOT / docname).parent / link["reftarget"]
        path = Path(os.path.relpath(target, ROOT))
        module = ".".join(path.with_suffix("").parts)
        if shown.get(module):
            page = f"_modules/{module.replace('.', '/')}"
            uri = app.builder.get_relative_uri(docname, page)
            link.replace_self(nodes.reference("", "", *link.children, refuri=uri, internal=True))


def write_front_door(app, error):
    """Let the folder itself open the front page."""
    if not error:
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
        (Path(app.outdir) / "index.html").write_text(page)


def setup(app):
    """Connect them all."""
    app.connect("builder-inited", write_model_pages)
    app.connect("source-read", add_contents)
    app.connect("source-read", add_badge)
    app.connect("autodoc-process-docstring", as_restructured_text, priority=400)
    app.connect("autodoc-process-signature", signature)
    app.connect("doctree-resolved", link_to_sources)
    app.connect("build-finished", write_front_door)
