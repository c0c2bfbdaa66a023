from __future__ import annotations

import ast
import re
import sys
import unittest
from typing import FrozenSet

from support import SOURCES

import promptops

# sys.stdlib_module_names exists from Python 3.10 on.
STANDARD: FrozenSet[str] = getattr(sys, "stdlib_module_names", frozenset())


class PackageTest(unittest.TestCase):
    def test_the_version_is_the_one_of_the_project_file(self) -> None:
        project = (SOURCES.parent / "pyproject.toml").read_text(encoding="utf-8")
        version = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
        assert version is not None
        self.assertEqual(promptops.__version__, version.group(1))

    def test_everything_public_is_there_and_documented(self) -> None:
        for name in promptops.__all__:
            self.assertTrue(name == "__version__" or getattr(promptops, name).__doc__, name)
        self.assertTrue((SOURCES / "promptops" / "py.typed").exists())

    @unittest.skipUnless(STANDARD, "needs Python 3.10")
    def test_nothing_but_the_standard_library_is_imported(self) -> None:
        for path in SOURCES.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0:
                    names = [node.module or ""]
                for name in names:
                    self.assertIn(name.split(".")[0], STANDARD, path.name)


if __name__ == "__main__":
    unittest.main()
