"""What the documents say is so: their examples run as they stand, their tables are those on record."""

import doctest
import importlib
import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
EXAMPLE = re.compile(r"```pycon\n(.*?)```", re.DOTALL)


def example_of(page: Path) -> doctest.DocTest | None:
    """All sessions of a page as one; prose becomes blank lines, so that lines keep their numbers."""
    text, session, end = page.read_text(encoding="utf-8"), "", 0
    for match in EXAMPLE.finditer(text):
        session += "\n" * text.count("\n", end, match.start(1)) + match[1]
        end = match.end(1)
    return doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0) if session else None


EXAMPLES = {page.name: test for page in PAGES if (test := example_of(page))}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_session_runs_and_prints_what_the_page_shows(name: str) -> None:
    runner, said = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF), []
    runner.run(EXAMPLES[name], out=said.append)
    assert not runner.failures, "".join(said)


def test_the_page_on_groups_has_examples() -> None:
    assert len(EXAMPLES["groups.md"].examples) > 40


def test_every_python_example_is_run_by_some_test() -> None:
    """README's script is run by test_readme; any other one would be run by none."""
    for page in PAGES:
        scripts = len(re.findall(r"```(?:python|py)\n", page.read_text(encoding="utf-8")))
        assert scripts == (page.name == "README.md"), page.name


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_table_of_peers_is_the_one_on_record() -> None:
    peers = importlib.import_module("benchmarks.group_peers.table")
    records = peers.newest(PROJECT / "benchmarks" / "results")
    assert len(records) == len(peers.PACKAGES)
    assert peers.table(records) in (PROJECT / "docs" / "groups.md").read_text(encoding="utf-8")


def test_every_answer_of_a_peer_has_its_row() -> None:
    peers = importlib.import_module("benchmarks.group_peers.table")
    answers = importlib.import_module("benchmarks.group_peers.answers")
    assert set(peers.ROWS) == set(answers.QUESTIONS)


def test_an_answer_is_written_as_it_was_given(tmp_path: Path) -> None:
    peers = importlib.import_module("benchmarks.group_peers.table")
    answers = {row: {"no": "none"} for row in peers.ROWS} | {
        "point groups": {"number": 25},
        "irreps": {"number": 10, "seconds": 8.356},
        "grid": {"as": "escnn"},
    }
    record = {
        "name": "peer",
        "versions": {"peer": "1.0"},
        "documentation": {"kernels": "no"},
        "answers": answers,
    }
    (tmp_path / "group-peers-escnn-2026-01-01.json").write_text(json.dumps(record | {"name": "older"}))
    (tmp_path / "group-peers-escnn-2026-01-02.json").write_text(json.dumps(record))
    text = peers.table(peers.newest(tmp_path))
    assert "|  | peer |" in text
    assert "| 25 |" in text
    assert "10, 8.4 s |" in text
    assert "escnn's |" in text
    assert text.count("| – |") == len(peers.ROWS) - 3
