"""YAML as users write it: every document of a file, a key given twice refused instead of silently dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from delivery_oracle.commands.common import BadInput

LARGEST_FILE = 64 * 1024 * 1024


class Loader(yaml.SafeLoader):
    """Refuses repeated keys."""


def _mapping(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, str) and key in seen:
            raise BadInput(f"line {key_node.start_mark.line + 1}: `{key}` is given twice; keep one")
        seen.add(key if isinstance(key, str) else repr(key))
    return loader.construct_mapping(node, deep=True)


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def text_of(path: Path) -> str:
    """The text of a file, or one line on why it cannot be read."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput(f"{path}: larger than {LARGEST_FILE // 2**20} MiB; this is no delivery")
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None


def documents(path: Path) -> list[Any]:
    """Every non-empty document of a YAML or JSON file."""
    try:
        return [document for document in yaml.load_all(text_of(path), Loader=Loader) if document is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path}:{where} {getattr(error, 'problem', None) or 'not YAML'}") from None
    except RecursionError:
        raise BadInput(f"{path}: nested too deeply") from None
    except BadInput as error:
        raise BadInput(f"{path}: {error}" if str(path) not in str(error) else str(error)) from None
