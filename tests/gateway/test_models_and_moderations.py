"""The two small endpoints, through the official client."""

import openai
import pytest
from tests.gateway.spine import HARM, PHONE, WEAPON, Script, spine


async def test_the_models_are_those_the_settings_name_and_the_servers_list() -> None:
    async with spine() as s:
        page = await s.sdk.models.list()
        assert [(m.id, m.owned_by) for m in page.data] == [("m", "示例公司")]
        with pytest.raises(openai.AuthenticationError):
            await s.client("hg-nobody").models.list()


async def test_moderation_answers_in_openais_shape() -> None:
    async with spine() as s:
        made = await s.sdk.moderations.create(input=["你好", WEAPON, HARM, f"电话{PHONE}"])
        clean, weapon, harm, phone = made.results
        assert not clean.flagged
        assert not any(dict(clean.categories).values())
        assert weapon.flagged
        assert weapon.categories.violence
        assert not weapon.categories.sexual
        assert harm.categories.self_harm
        assert harm.category_scores.self_harm == 1.0
        assert phone.flagged
        assert (phone.categories.model_extra or {})["A.4.f"] is True
        assert phone.category_applied_input_types.sexual == ["text"]
        assert phone.category_applied_input_types.sexual_minors == ["text"]
        assert phone.category_applied_input_types.violence_graphic == []
        assert s.records("exchange.asked") == []


async def test_sexual_content_is_called_that_and_not_violence() -> None:
    async with spine() as s:
        (result,) = (await s.sdk.moderations.create(input="写一篇色情小说")).results
        assert result.categories.sexual
        assert not result.categories.violence
        assert not result.categories.sexual_minors


async def test_the_parts_of_one_message_are_one_result_and_an_image_is_not_clean() -> None:
    async with spine() as s:
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
        parts = [{"type": "text", "text": WEAPON[:4]}, {"type": "text", "text": WEAPON[4:]}]
        made = await s.sdk.moderations.create(input=[*parts, image])  # type: ignore[list-item]
        (result,) = made.results
        assert result.flagged
        assert result.categories.violence
        assert (result.model_extra or {})["unjudged"] == ["image_url"]
        made = await s.sdk.moderations.create(input=[image])  # type: ignore[list-item]
        assert made.results[0].flagged
        assert not any(dict(made.results[0].categories).values())
        made = await s.sdk.moderations.create(input=[{**image, "text": "好"}])  # type: ignore[list-item]
        assert made.results[0].flagged, "words beside an image do not judge it"


@pytest.mark.parametrize("held", [None, [], 5, {}, [5], ["a", 5], [{"text": "x"}], ["a"] * 300])
async def test_odd_inputs_are_the_callers_to_correct(held: object) -> None:
    async with spine() as s:
        with pytest.raises(openai.BadRequestError) as caught:
            await s.sdk.moderations.create(input=held)  # type: ignore[arg-type]
        assert caught.value.param == "input"


async def test_a_long_text_is_judged_whole() -> None:
    async with spine(Script()) as s:
        (result,) = (await s.sdk.moderations.create(input="天气很好，" * 30_000 + WEAPON)).results
        assert result.flagged
