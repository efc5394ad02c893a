import subprocess

import pytest

from gan_lab.cli import main
from gan_lab.cli.table import COMMANDS
from tests.test_cli import failure

COMPLETE = """\
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_TYPE=9
COMP_POINT=${#COMP_LINE}
function=$(complete -p gan-lab | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" gan-lab "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    from gan_lab.cli.commands.completion import completion_script

    path = tmp_path_factory.mktemp("completion") / "gan-lab.bash"
    path.write_text(completion_script("bash"))
    return path


@pytest.fixture
def complete(script, tmp_path):
    """What bash offers for the last of the words, in a folder with a configuration and a data folder."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pix2pix_of_mine.yaml").touch()
    (tmp_path / "pix2pix_file.yaml").touch()
    (tmp_path / "pictures").mkdir()

    def words(*typed):
        command = ["bash", "--norc", "-c", COMPLETE, "bash", str(script), "gan-lab", *typed]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout.split()

    return words


def test_the_script_is_valid(script):
    assert subprocess.run(["bash", "-n", script], capture_output=True, text=True).stderr == ""


def test_commands_are_completed(complete):
    assert [word for word in complete("") if not word.startswith("-")] == [row.name for row in COMMANDS]
    assert complete("val") == ["validate"]


@pytest.mark.parametrize("before", [["fit", "--config"], ["check", "-c"], ["predict", "--data.seeds", "3", "--config"]])
def test_experiments_are_completed_those_here_and_files_too(complete, before):
    offered = complete(*before, "pix2pix_")
    assert {"pix2pix_of_mine", "pix2pix_maps", "pix2pix_file.yaml"} < set(offered)
    assert not any(word.startswith("cyclegan") for word in offered)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["fit", "--trainer.max"], ["--trainer.max_epochs"]),
        (["fit", "--trainer.precision", "bf"], ["bf16-mixed"]),
        (["fit", "--ckpt_path", "la"], ["last"]),
        (["fit", "--config", "x", "--data.root", "pi"], ["pictures"]),
        (["predict", "--data.pre"], ["--data.predict_folder"]),
        (["configs", "copy", "cyclegan_agi"], ["cyclegan_aging", "cyclegan_aging_imdb_wiki"]),
        (["completion", "b"], ["bash"]),
    ],
)
def test_options_and_their_values_are_completed(complete, typed, offered):
    assert complete(*typed) == offered


def test_zsh_has_a_script_and_other_shells_are_one_sentence(capsys):
    assert main(["completion", "zsh"]) == 0
    assert capsys.readouterr().out.startswith("#compdef gan-lab\n")
    assert "choose from 'bash', 'zsh'" in failure(capsys, ["completion", "fish"], status=2)
    assert "required: shell" in failure(capsys, ["completion"], status=2)
