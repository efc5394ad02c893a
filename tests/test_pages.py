import re
from pathlib import Path

import pytest
import yaml

import gan_lab
from tests.conftest import PROJECT

PAGES = sorted(page for folder in (".", "docs", ".github", "data/*") for page in PROJECT.glob(f"{folder}/*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
NAMED = re.compile(r"(?<![\w/.-])(?:configs|docs|gan_lab|tests|\.github)/[\w./-]+\.(?:yaml|yml|md|png|py)\b")
EXPERIMENT = re.compile(r"--config (?:configs/)?([a-z]\w*)(\.\w+)?")
PATTERNS = {"tests/test_x.py"}  # what a file still to be written would be called


def slugs(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def wrong(page: Path) -> list[str]:
    text = page.read_text()
    found = []
    for link in ("".join(groups) for groups in LINK.findall(text)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not re.match(r"https?:", link) and not (target.exists() and (not anchor or anchor in slugs(target))):
            found.append(link)
    found += [name for name in NAMED.findall(text) if name not in PATTERNS and not (PROJECT / name).exists()]
    found += [name for name, _ in EXPERIMENT.findall(text) if not (PROJECT / "configs" / f"{name}.yaml").exists()]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_pages_name_files_that_exist(page):
    assert wrong(page) == []


def test_what_is_wrong_on_a_page_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A head\n[a](#a-head) [b](#b) [c](c.md) ![d](d.png) <img src='x'> `docs/e.md` --config f_g https://h.org/docs/i.md"
    )
    assert wrong(page) == ["#b", "c.md", "d.png", "docs/e.md", "f_g"]


def test_readme_and_experiments_list_every_config():
    listed = (PROJECT / "docs" / "experiments.md").read_text()
    names = {config.stem for config in (PROJECT / "configs").glob("*.yaml")}
    ablations = {f"stylegan_ablation_{row}" for row in "abcdef"}  # listed as `..._a` ... `..._f`
    assert {name for name in names - ablations if f"`{name}`" not in listed} == set()
    papers = re.findall(r"`(configs/\w+\*\.yaml)`", (PROJECT / "README.md").read_text())
    assert {config.stem for pattern in papers for config in PROJECT.glob(pattern)} == names


def test_the_version_is_in_one_place_and_the_changelog_knows_it():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text())
    assert "version" not in citation
    papers = re.findall(r"^\| .*`configs/\w+\*\.yaml` \|$", (PROJECT / "README.md").read_text(), re.MULTILINE)
    assert len(citation["references"]) == len(papers) > 0
    assert f"## [{gan_lab.__version__}]" in (PROJECT / "CHANGELOG.md").read_text()
