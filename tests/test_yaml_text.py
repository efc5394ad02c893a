import pytest
import yaml

from gan_lab.cli import main
from gan_lab.cli.yaml_text import UnboundedYAML, load_yaml, require_bounded
from tests.received_runs import ALIASES
from tests.test_cli import failure

UNBOUNDED = {
    "aliases": "\n".join(ALIASES),
    "merged aliases": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 9)),
    "itself": "a: &a {b: [*a]}",
    "flow": "[" * 60 + "]" * 60,
    "blocks": "- " * 60,
    "keys": "? " * 60,
}


@pytest.mark.parametrize("kind", UNBOUNDED)
def test_a_text_without_bounds_is_refused_before_it_is_read(kind):
    with pytest.raises(UnboundedYAML):
        require_bounded(UNBOUNDED[kind])
    with pytest.raises(UnboundedYAML):
        load_yaml(UNBOUNDED[kind])


def test_aliases_are_counted_as_what_they_stand_for():
    hundred = f"a: &a [{'x, ' * 99}x]\n"
    require_bounded(hundred + f"b: [{'*a, ' * 980}]")
    with pytest.raises(UnboundedYAML):
        require_bounded(hundred + f"b: [{'*a, ' * 1000}]")


def test_shared_values_are_read_as_before():
    assert load_yaml("a: &a {x: 1}\nb:\n  <<: *a\n  y: 2") == {"a": {"x": 1}, "b": {"x": 1, "y": 2}}
    assert load_yaml("root: 2024-13-99") == {"root": "2024-13-99"}  # a folder, and no date


@pytest.mark.parametrize("text", ["a: !!int ''", "a: !!float x", "a: !!bool x", "a: " + "9" * 5000, "!!python/none x"])
def test_values_that_cannot_be_are_no_yaml(text):
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\n".join(ALIASES), "holds no configuration|is no configuration: it has more than 100,000 values"),
        ("model: " + "[" * 60 + "]" * 60, "is no configuration: it is nested more than 50 deep"),
        ("model: &m {init_args: *m}", "is no configuration: *m stands within what it stands for"),
        ("seed_everything: " + "9" * 5000, "is not a YAML file: a value is not what it says"),
        ("model: !!python/object/apply:os.system [id]", "line 1: not YAML: could not determine a constructor"),
        ("# " + "x" * 1_000_001, "is no configuration: it has 1,000,003 bytes"),
    ],
)
def test_a_configuration_that_is_named_is_bounded_too(tmp_path, capsys, text, sentence):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    said = failure(capsys, ["fit", "--config", str(path)], status=2)
    assert str(path) in said
    assert any(part in said for part in sentence.split("|"))


def test_a_file_that_a_section_names_is_not_shown(tmp_path, capsys):
    (tmp_path / "secret").write_text("hunter2\n")
    path = tmp_path / "mine.yaml"
    path.write_text("model: secret\n")
    said = failure(capsys, ["fit", "--config", str(path)], status=2)
    assert f"{tmp_path / 'secret'} holds no configuration" in said
    assert "hunter2" not in said


def test_a_section_may_be_in_a_file_of_its_own(small, tmp_path, capsys):
    tree = yaml.safe_load(small().read_text())
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(tree["model"]))
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(tree | {"model": "model.yaml"}))
    assert main(["validate", "--config", str(path), "--trainer.limit_val_batches=0"]) == 0


def test_a_list_of_experiments_has_those_without_bounds(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "theirs.yaml").write_text("# \x9b2J Mine.\n\n" + UNBOUNDED["flow"])
    assert main(["configs"]) == 0
    said = capsys.readouterr().out
    assert "theirs" in said
    assert "\x9b" not in said
