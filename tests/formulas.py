"""Whether the formulas of a page are drawn, and drawn without network."""

from pathlib import Path

# The text of a page that a reader sees as text: not code, and not what MathJax has drawn.
RAW_TEX = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        if (!node.parentElement.closest("pre, code, script, style, mjx-container")
            && /\\$|\\\\[a-zA-Z({\\[]/.test(node.data))
            found.push(node.data);
    return found;
}"""


def open_offline(page, path: Path, formulas: bool = True) -> list[str]:
    """Open a page without network, wait for its formulas, and return the TeX that is left."""
    failed = []
    page.context.set_offline(True)
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(path.resolve().as_uri())
    if formulas:
        page.wait_for_function("window.MathJax?.startup?.promise")
        page.evaluate("MathJax.startup.promise")
        assert page.locator("mjx-container svg").count() > 0
    assert failed == [] and page.errors == []
    assert page.locator("[data-mml-node=merror]").count() == 0
    return page.evaluate(RAW_TEX)
