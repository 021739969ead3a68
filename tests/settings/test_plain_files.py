import os
from pathlib import Path

import pytest

from hegui.settings.plain_files import NotPlainError, read_plain, reason
from hegui.terms import Words


def test_a_pipe_is_refused_at_once_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path(os.devnull), Path("/dev/zero")):
        with pytest.raises(NotPlainError) as refused:
            read_plain(path, 10)
        said = Words("{why}", "{why}").fill(why=reason(refused.value))
        assert (said.en, said.zh) == ("it is not a regular file", "不是普通文件")


def test_a_file_is_read_up_to_a_bound_and_a_folder_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    assert read_plain(tmp_path / "link", 4) == b"1234"
    with pytest.raises(IsADirectoryError) as refused:
        read_plain(tmp_path, 4)
    assert reason(refused.value) == Words("Is a directory", "是目录，不是文件")


def test_why_a_file_cannot_be_used_is_said_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as absent:
        read_plain(tmp_path / "absent", 4)
    assert reason(absent.value) == Words("No such file or directory", "文件或目录不存在")
    assert reason(OSError("odd")) == Words("OSError", "OSError")
