import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hegui.shelf.tasks import INTERFACES, asking, creating

HOST = "https://result.oss.example.com"
SIGNED = f"{HOST}/a/b.mp4?Expires=1&Signature=x"
DONE: dict[str, dict[str, Any]] = {
    "dashscope": {
        "request_id": "7434edb2-3cba-44e6-a772-000000000000",
        "output": {
            "task_id": "878f591e-ebdf-4e45-97eb-000000000000",
            "task_status": "SUCCEEDED",
            "submit_time": "2025-09-09 11:38:54.741",
            "end_time": "2025-09-09 11:39:19.484",
            "results": [
                {"orig_prompt": "a", "actual_prompt": f"b {SIGNED}", "url": SIGNED},
                {"code": "DataInspectionFailed", "message": f"see {HOST}"},
                {"url": f"{HOST}/second.png"},
            ],
            "video_url": SIGNED,
        },
        "usage": {"image_count": 1, "size": "1280*720"},
        "debug": SIGNED,
    },
    "zhipu": {
        "id": "8868902201637896192-0",
        "model": "cogvideox-3",
        "request_id": "123",
        "task_status": "SUCCESS",
        "video_result": [{"url": SIGNED, "cover_image_url": f"{HOST}/cover.png"}],
        "more": {"deep": [SIGNED]},
    },
    "ark": {
        "id": "cgt-2025-000",
        "model": "doubao-seedance-1-0-pro-250528",
        "status": "succeeded",
        "content": {"video_url": SIGNED, "last_frame_url": f"{HOST}/last.png", "file_url": SIGNED},
        "usage": {"completion_tokens": 246840, "total_tokens": 246840},
        "created_at": 1765510475,
        "updated_at": 1765510559,
        "seed": 58944,
        "resolution": "1080p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
    },
    "openai-videos": {
        "id": "video_123",
        "object": "video",
        "model": "sora-2",
        "status": "completed",
        "progress": 100,
        "created_at": 1712697600,
        "size": "1024x1808",
        "seconds": "8",
        "url": SIGNED,
        "error": None,
    },
}


@pytest.mark.parametrize("name", INTERFACES)
def test_an_answer_written_anew_holds_no_address_and_no_text_of_the_server(name: str) -> None:
    interface, value = INTERFACES[name], DONE[name]
    media = {place: "OURS" for place, _ in interface.addresses(value)}
    written = interface.written(value, "task-1", media)
    said = json.dumps(written)
    assert "example.com" not in said
    assert "orig_prompt" not in said
    assert interface.theirs(value) not in said
    assert interface.theirs(written) == "task-1"
    assert interface.end(written) == "done"
    assert [place for place, _ in interface.addresses(written)] == [
        place for place, _ in interface.addresses(value)
    ] or name == "dashscope"
    assert all(address == "OURS" for _, address in interface.addresses(written))


def test_what_a_client_of_the_interface_reads_is_where_it_was() -> None:
    value = DONE["dashscope"]
    interface = INTERFACES["dashscope"]
    media = {place: str(n) for n, (place, _) in enumerate(interface.addresses(value))}
    written = interface.written(value, "task-1", media)
    assert written["output"]["results"] == [
        {"url": "0"},
        {"code": "DataInspectionFailed"},
        {"url": "1"},
    ]
    assert written["output"]["video_url"] == "2"
    assert written["output"]["submit_time"] == "2025-09-09 11:38:54.741"
    assert written["usage"] == {"image_count": 1, "size": "1280*720"}
    ark = INTERFACES["ark"].written(DONE["ark"], "task-1", {"content.video_url": "0"})
    assert ark["content"] == {"video_url": "0"}
    assert ark["usage"]["total_tokens"] == 246840
    assert ark["ratio"] == "16:9"


def test_an_address_put_where_a_number_belongs_is_left_out() -> None:
    value = {"id": "cgt-1", "status": "running", "duration": SIGNED, "seed": {"u": SIGNED}}
    value |= {"model": "evil.example.com/x", "created_at": "result.oss.example.com"}
    assert INTERFACES["ark"].written(value, "t", {}) == {"id": "t", "status": "running"}


@pytest.mark.parametrize("value", [None, [], "x", 5, {}, {"id": 5}, {"id": "../x"}, {"id": ""}])
def test_an_answer_without_an_id_or_a_state_is_none(value: Any) -> None:
    assert INTERFACES["ark"].theirs(value) == ""
    assert INTERFACES["ark"].end(value) is None
    assert INTERFACES["ark"].end({"status": "odd"}) is None


@pytest.mark.parametrize(
    ("path", "name", "below"),
    [
        (
            "/api/v1/services/aigc/text2image/image-synthesis",
            "dashscope",
            "services/aigc/text2image/image-synthesis",
        ),
        ("/api/paas/v4/videos/generations", "zhipu", "videos/generations"),
        ("/api/v3/contents/generations/tasks", "ark", "contents/generations/tasks"),
        ("/v1/videos", "openai-videos", "videos"),
    ],
)
def test_each_interface_is_known_by_its_own_path(path: str, name: str, below: str) -> None:
    found = creating(path)
    assert found is not None
    assert (found[0].name, found[1]["below"]) == (name, below)


def test_paths_that_climb_are_nobodys() -> None:
    for path in ("/api/v1/services/aigc/../x", "/api/v1/services/aigc/a/b/c", "/api/v1/tasks/a/b"):
        assert creating(path) is None
        assert asking(path) is None
    found = asking("/v1/videos/task-1/content")
    assert found is not None
    assert (found[1]["id"], found[1]["content"]) == ("task-1", "/content")


WORDS = st.sampled_from(
    "output results url id status content video_url task_status error code task_id video_result "
    "usage choices message image size".split()
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from([SIGNED, "succeeded", "SUCCEEDED", "SUCCESS", "completed", "a.b", "M-1"]),
    st.text(max_size=20),
)
ANSWERS = st.recursive(
    LEAVES,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=6),
    max_leaves=25,
)


@given(value=ANSWERS, name=st.sampled_from(sorted(INTERFACES)))
@settings(max_examples=150, deadline=None)
def test_no_answer_of_whatever_shape_breaks_the_reader_or_gets_an_address_through(
    value: Any, name: str
) -> None:
    interface = INTERFACES[name]
    assert interface.end(value) in (None, "running", "done", "failed")
    assert "/" not in interface.theirs(value)
    media = {place: "OURS" for place, _ in interface.addresses(value)}
    said = json.dumps(interface.written(value, "task-1", media))
    assert "example.com" not in said
    assert "//" not in said
