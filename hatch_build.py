"""Puts the course into the wheel: chapters, and the problem sets' students' copies.

The notebooks stay in tutorials/; an editable install reads them there.
"""

import importlib.util
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WRITER = "kerasvae/course/students.py"
PLACE = "kerasvae/course/files"


class CustomBuildHook(BuildHookInterface):
    """Writes the course when a wheel is built."""

    def initialize(self, version, build_data):
        """Before the wheel: write the course into a folder of its own and include it."""
        self.folder = None
        if version == "editable":
            return
        # kerasvae itself cannot be imported here: the build's environment has no Keras.
        spec = importlib.util.spec_from_file_location("students", Path(self.root, WRITER))
        students = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(students)
        self.folder = tempfile.TemporaryDirectory()
        course = students.write_course(Path(self.root), Path(self.folder.name))
        build_data["force_include"][str(course)] = PLACE

    def finalize(self, version, build_data, artifact_path):
        """After the wheel: the folder has served."""
        if self.folder:
            self.folder.cleanup()
