import tempfile
from contextlib import nullcontext

import nbformat
import pytest

from analysis.edition.failures import NotebookError
from analysis.pipeline import warm
from analysis.pipeline.execute import run_notebook
from analysis.pipeline.stable import set_stable
from analysis.pipeline.warm import available, kernel_server


def notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path


@pytest.mark.parametrize("kernels", [nullcontext, kernel_server], ids=["ordinary", "warm"])
def test_a_long_folder_for_temporary_files_does_not_stop_a_notebook(tmp_path, monkeypatch, kernels):
    """The path of a socket may have 107 bytes; some machines give each user a longer folder."""
    if kernels is kernel_server and not available():
        pytest.skip("forking kernels needs Linux with pidfd_open")
    folder = tmp_path / ("x" * 150)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    source = notebook(tmp_path / "a.ipynb", "x = 1", "print(x)")
    with kernels():
        done = run_notebook(source, {"x": 2}, tmp_path / "b.ipynb")
    assert done.cells[-1].outputs[0].text == "2\n"


def test_where_no_folder_is_short_enough_for_a_socket_the_cause_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(warm, "SOCKET_FOLDER", 3)
    with pytest.raises(OSError, match="TMPDIR is too long for the path of a socket"):
        warm.socket_folder("kernel-")


def test_parameters_arrive_and_the_copy_holds_no_times(tmp_path):
    set_stable()
    source = notebook(tmp_path / "a.ipynb", 'wave = "2020"', "print(wave)")
    done = run_notebook(source, {"wave": "2021"}, tmp_path / "out/a.ipynb")
    assert done.cells[-1].outputs[0].text == "2021\n"
    assert [cell.execution_count for cell in done.cells] == [1, 2, 3]
    text = (tmp_path / "out/a.ipynb").read_text("utf-8")
    assert "start_time" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"display_name": "Python"}},
        {"kernelspec": {"name": "ir", "language": "R"}},
    ],
)
def test_a_notebook_runs_in_python_whatever_kernel_it_names(metadata, tmp_path):
    source = notebook(tmp_path / "a.ipynb", "x = 1", "print(x)")
    made = nbformat.read(source, as_version=4)
    made.metadata = nbformat.from_dict(metadata)
    nbformat.write(made, source)
    done = run_notebook(source, {"x": 2}, tmp_path / "b.ipynb")
    assert done.cells[-1].outputs[0].text == "2\n"
    with pytest.raises(KeyError, match="no parameter y"):
        run_notebook(source, {"y": 2}, tmp_path / "c.ipynb")


def test_two_runs_give_the_same_bytes(tmp_path):
    set_stable()
    source = notebook(tmp_path / "a.ipynb", "x = 1", "print(hash('社区'))", "{'b', 'a'}")
    for name in "bc":
        run_notebook(source, {"x": 2}, tmp_path / f"{name}.ipynb")
    assert (tmp_path / "b.ipynb").read_bytes() == (tmp_path / "c.ipynb").read_bytes()


def test_an_undeclared_parameter_is_refused(tmp_path):
    source = notebook(tmp_path / "a.ipynb", "x = 1")
    with pytest.raises(KeyError, match="no parameter y"):
        run_notebook(source, {"y": 2}, tmp_path / "b.ipynb")


def test_a_failure_names_the_cell_and_keeps_the_notebook(tmp_path):
    source = notebook(tmp_path / "a.ipynb", "x = 1", "x + 1", "{}['rent']")
    with pytest.raises(NotebookError) as failure:
        run_notebook(source, {"x": 2}, tmp_path / "b.ipynb")
    assert (failure.value.cell, failure.value.error) == ("c2", "KeyError: 'rent'")
    assert failure.value.kept.exists()


def test_leaving_early_is_a_failure(tmp_path):
    source = notebook(tmp_path / "a.ipynb", "x = 1", "import sys; sys.exit(0)", "x")
    with pytest.raises(NotebookError):
        run_notebook(source, {}, tmp_path / "b.ipynb")
