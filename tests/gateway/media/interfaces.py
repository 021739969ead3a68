"""Where each interface for tasks has its paths, as its own documents name them."""

CREATED_AT = {
    "dashscope": "/api/v1/services/aigc/video-generation/video-synthesis",
    "zhipu": "/api/paas/v4/videos/generations",
    "ark": "/api/v3/contents/generations/tasks",
    "openai-videos": "/v1/videos",
}
ASKED_AT = {
    "dashscope": "/api/v1/tasks/{}",
    "zhipu": "/api/paas/v4/async-result/{}",
    "ark": "/api/v3/contents/generations/tasks/{}",
    "openai-videos": "/v1/videos/{}",
}
BASES = {"dashscope": "/api/v1", "zhipu": "/api/paas/v4", "ark": "/api/v3", "openai-videos": "/v1"}
