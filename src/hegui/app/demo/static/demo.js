"use strict";
// The demo's page. Everything shown is put in as text, never as markup: a model wrote some of it.

const SAY = {
  zh: {
    lead: "站在大模型和用户之间：逐字审核，加标识，留下可核验的证据。点一个按钮试试。",
    sent: "模型发来的", left: "网关放行的", asked: "模型收到", question: "用户提问",
    finding: "审核", label: "标识", ledger: "账本",
    send: "提问", asminor: "以未成年人身份", own: "在终端里试", copy: "复制", copied: "已复制",
    placeholder: "自己问一句，例如：编一个手机号", idleSent: "模型说的话会原样显示在这里。",
    idleLeft: "用户看到的内容会显示在这里。", none: "模型没有收到这个问题。", waiting: "……",
    clean: "没有命中任何规则", masked: "已遮盖", refused: "已拒绝", held: "已暂扣", allowed: "已放行，并记录",
    question_side: "拦在提问一侧", answer_side: "拦在回答一侧", appeal: "申诉", next: "可以这样做",
    suffix: "正文末尾可见", interface: "由界面持续显示", uireq: "须由界面显示", implicit: "隐式标识，随回复附上", nolabel: "没有生成内容，无须标识",
    produce: "内容制作编号", producer: "服务提供者编码", evidence: "证据编号", nothing: "没有记录", broke: "断线",
    entryBefore: "账本里的原记录", entryAfter: "副本：改动了一个字节", verified: "原账本核验通过",
    named: "核验程序指出了被改动的记录", missed: "核验程序没有发现", empty: "账本还是空的，请先点别的按钮。",
    flipCopy: "副本在", foot: (f) => `启动用时 ${(f.started_ms / 1000).toFixed(1)} 秒。证据保存在 ${f.database}`,
    failed: "没有成功", withdrawn: "须撤回已放行的字符", minorOn: "未成年人",
    ends: { complete: "完整", refused: "被拒绝", disconnected: "调用方断开", upstream_failed: "模型中断", limit: "到达上限", shutdown: "停机", error: "出错" },
    colon: "：", hint: "第一次来？先点“拆散的号码”，看左右两边有什么不同。", copyVerdict: "核验副本", ownVerdict: "核验原账本", kinds: { "exchange.asked": "提问", "exchange.answered": "回答" }, chars: "字",
  },
  en: {
    lead: "Between a language model and its users: every character screened, labelled, and on record for anyone to check. Press a button.",
    sent: "What the model sent", left: "What left the gateway", asked: "The model was asked", question: "The user asked",
    finding: "Screening", label: "Label", ledger: "Ledger",
    send: "Ask", asminor: "as a minor", own: "From your own terminal", copy: "Copy", copied: "Copied",
    placeholder: "Ask something yourself, such as: make up a mobile number", idleSent: "What the model says appears here, as it is.",
    idleLeft: "What the user sees appears here.", none: "The model never got this question.", waiting: "…",
    clean: "No rule found anything", masked: "masked", refused: "refused", held: "held", allowed: "let through, on record",
    question_side: "Stopped at the question", answer_side: "Stopped at the answer", appeal: "Appeal", next: "What to do",
    suffix: "visible at the end of the text", interface: "shown by the interface all the time", uireq: "the interface must show it", implicit: "implicit, beside the reply", nolabel: "Nothing was generated, so nothing is labelled",
    produce: "ProduceID", producer: "ContentProducer", evidence: "Evidence", nothing: "No record", broke: "connection lost",
    entryBefore: "The entry in the ledger", entryAfter: "The copy, one byte changed", verified: "The ledger itself verifies",
    named: "The verifier names the changed entry", missed: "The verifier did not notice", empty: "The ledger is still empty: press another button first.",
    flipCopy: "The copy lies at", foot: (f) => `Start-up took ${(f.started_ms / 1000).toFixed(1)} s. The evidence lies in ${f.database}`,
    failed: "That did not work", withdrawn: "characters to withdraw", minorOn: "minor",
    ends: { complete: "complete", refused: "refused", disconnected: "caller left", upstream_failed: "model broke off", limit: "limit reached", shutdown: "shut down", error: "error" },
    colon: ": ", hint: "First time here? Press “A number split over chunks” and compare the two sides.", copyVerdict: "Verifying the copy", ownVerdict: "Verifying the ledger", kinds: { "exchange.asked": "asked", "exchange.answered": "answered" }, chars: "characters",
  },
};
const MASK = /\[[^[\]\n]{1,24}-\d+\]/g;
const NOTICE = /(?:\n```|\n~~~)?\s*(（[^（）]*(?:AI|人工智能)[^（）]*）(?: \([^()]*AI[^()]*\))?)\s*$/;

const $ = (id) => document.getElementById(id);
const lang = { now: (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en" };
let facts = null;
let busy = false;
let tab = "curl";
let shown = null; // the last run, so that a change of language can draw it again

const say = (key) => SAY[lang.now][key];

function make(tag, text, name) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
}

function fill(node, ...parts) {
  node.replaceChildren(...parts.filter((part) => part !== null && part !== ""));
}

// ---- comparing what was sent with what left

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function hidden(sent, body, whole) {
  // The masks in what left are gaps; what the model said there is what was hidden.
  const literals = body.split(MASK).map(escaped);
  if (!literals.at(-1) && !whole) literals.pop();
  const found = sent.match(new RegExp("^" + literals.join("([\\s\\S]+?)") + (whole ? "\\s*$" : "")));
  if (!found) return null;
  const spans = [];
  const masks = body.match(MASK) || [];
  let at = 0;
  body.split(MASK).forEach((literal, n) => {
    at += literal.length;
    const secret = found[n + 1];
    if (secret === undefined) return;
    if (secret !== masks[n]) spans.push([at, at + secret.length]); // else the model said the mask
    at += secret.length;
  });
  return spans;
}

function drawSent(run) {
  const parts = [];
  if (run.thought.sent) parts.push(make("mark", run.thought.sent, "thought"));
  const sent = run.text.sent;
  const { body } = split(run);
  const spans = hidden(sent, body, false);
  if (spans) {
    let at = 0;
    for (const [start, end] of spans) {
      parts.push(sent.slice(at, start), make("mark", sent.slice(start, end), "secret"));
      at = end;
    }
    parts.push(sent.slice(at));
  } else if (run.done) {
    const same = common(sent, body);
    parts.push(sent.slice(0, same), make("mark", sent.slice(same), "held"));
  } else {
    parts.push(sent);
  }
  if (run.done && endOf(run) === "upstream_failed") parts.push(make("span", say("broke"), "broken"));
  if (run.done && !sent) parts.push(make("span", run.error ? "" : say("none"), "idle"));
  return parts;
}

function split(run) {
  const text = run.text.left;
  const notice = run.aigc && run.aigc.explicit === "suffix" ? text.match(NOTICE) : null;
  return { body: notice ? text.slice(0, notice.index) : text, notice: notice ? notice[1] : "" };
}

function common(one, other) {
  let n = 0;
  while (n < one.length && one[n] === other[n]) n++;
  return n;
}

function masksIn(text) {
  const parts = [];
  let at = 0;
  for (const hit of text.matchAll(MASK)) {
    parts.push(text.slice(at, hit.index), make("mark", hit[0], "mask"));
    at = hit.index + hit[0].length;
  }
  return [...parts, text.slice(at)];
}

function drawLeft(run) {
  const parts = [];
  if (run.thought.left) parts.push(make("mark", run.thought.left, "thought"));
  const { body, notice } = split(run);
  const stopped = run.finish === "content_filter" || (run.done && endOf(run) === "upstream_failed");
  const same = stopped ? common(run.text.sent, body) : body.length;
  parts.push(...masksIn(body.slice(0, same)));
  if (body.slice(same).trim()) parts.push(make("mark", body.slice(same).trim(), "notice"));
  if (run.refusal) parts.push(make("mark", run.refusal, "notice"));
  if (notice) parts.push("\n", make("mark", notice, "label"));
  if (run.error) parts.push(make("mark", (run.error.status ? `HTTP ${run.error.status} · ` : "") + run.error.message, "notice"));
  return parts;
}

// ---- the three tiles

const recordOf = (run, kind) => run.records.find((one) => one.kind === kind);
const endOf = (run) => (recordOf(run, "exchange.answered") || {}).end;
const title = (rule) => ((facts.titles || {})[rule] || {})[lang.now] || rule;

function line(...parts) {
  const node = make("div");
  node.append(...parts);
  return node;
}

function drawFinding(run) {
  const parts = [];
  const refused = run.aigc && run.aigc.refused;
  const words = { allow: ["allowed", "ok"], mask: ["masked", "masked"], hold: ["held", "stop"], refuse: ["refused", "stop"] };
  if (refused) {
    parts.push(line(make("strong", say(refused.side + "_side"), "stop")));
    parts.push(make("span", title(refused.rule) === refused.rule ? refused.rule : `${title(refused.rule)} · ${refused.rule}`, "small"));
  } else {
    for (const record of run.records) {
      for (const [rule, count] of Object.entries(record.rules || {})) {
        const [word, name] = words[record.decision] || words.allow;
        const code = make("code", title(rule) === rule ? "" : ` ${rule}`);
        parts.push(line(make("strong", `${title(rule)}${count > 1 ? " ×" + count : ""} `), make("strong", say(word), name), code));
      }
    }
  }
  if (run.aigc && (run.aigc.withdraw || []).length) parts.push(make("span", `${say("withdrawn")}${say("colon")}${run.aigc.withdraw.map((w) => `${w.start}–${w.end}`).join(", ")}`, "small"));
  if (!parts.length && run.done && run.records.length) parts.push(make("strong", say("clean"), "ok"));
  if (refused && refused.next) parts.push(make("span", say("next") + say("colon") + plain(refused.next), "small"));
  if (refused && refused.appeal) parts.push(make("span", say("appeal") + say("colon") + plain(refused.appeal), "small"));
  return parts;
}

const plain = (value) => (typeof value === "string" ? value : (value || {})[lang.now] || JSON.stringify(value));

function drawLabel(run) {
  if (!run.aigc) return run.done ? [make("span", say("nolabel"), "small")] : [];
  const modes = { suffix: "suffix", interface: "interface", "ui-required": "uireq" };
  const { notice } = split(run);
  const parts = [];
  if (run.aigc.ProduceID === undefined) return [make("span", say("nolabel"), "small")];
  const mode = modes[run.aigc.explicit] || "suffix";
  const visible = mode === "suffix" && run.done && !notice ? "implicit" : mode;
  parts.push(line(make("strong", notice || "aigc", "ok"), make("span", say(visible), "small")));
  parts.push(line(make("code", `${say("produce")} ${run.aigc.ProduceID}`)));
  if (run.aigc.ContentProducer) parts.push(line(make("code", `${say("producer")} ${run.aigc.ContentProducer}`)));
  return parts;
}

function drawLedger(run) {
  const parts = run.records.map((record) => {
    const node = make("details");
    const head = make("summary");
    const kind = say("kinds")[record.kind] || record.kind;
    const minor = record.audience === "minor" ? ` · ${say("minorOn")}` : "";
    const end = record.end ? ` · ${say("ends")[record.end] || record.end}` : "";
    head.append(make("code", `#${record.index}`), ` ${kind}${minor}${end}`);
    node.append(head, make("pre", JSON.stringify(record, null, 1)));
    return node;
  });
  if (run.aigc && run.aigc.evidence) parts.push(line(make("code", `${say("evidence")} ${run.aigc.evidence}`)));
  if (!run.records.length && run.done) parts.push(make("span", say("nothing"), "small"));
  return parts;
}

// ---- drawing

function draw() {
  const run = shown;
  if (!run) {
    fill($("sent"), make("span", say("idleSent"), "idle"));
    fill($("left"), make("span", say("idleLeft"), "idle"));
    return;
  }
  if (run.flip) return drawFlip(run.flip);
  $("question").textContent = run.question;
  fill($("asked"), ...(run.asked === null ? [run.done ? "—" : ""] : masksIn(run.asked)));
  fill($("sent"), ...drawSent(run));
  fill($("left"), ...drawLeft(run));
  fill($("finding"), ...drawFinding(run));
  fill($("label"), ...drawLabel(run));
  fill($("ledger"), ...drawLedger(run));
}

function drawFlip(result) {
  for (const id of ["question", "asked", "finding", "label", "ledger"]) $(id).textContent = "";
  if (result.empty) {
    fill($("sent"), make("span", say("empty"), "idle"));
    return fill($("left"));
  }
  const halves = (text, name) => [text.slice(0, result.at), make("mark", text[result.at], name), text.slice(result.at + 1)];
  fill($("sent"), make("code"));
  fill($("left"), make("code"));
  $("sent").firstChild.append(...halves(result.before, "label"));
  $("left").firstChild.append(...halves(result.after, "secret"));
  const named = make("strong", say(result.named ? "named" : "missed"), result.named ? "ok" : "stop");
  fill($("finding"), line(named), ...result.problems.map((one) => line(make("code", one.where), say("colon"), one.what)));
  fill($("label"), make("strong", result.original_ok ? say("verified") : say("missed"), result.original_ok ? "ok" : "stop"));
  fill($("ledger"), line(make("code", `#${result.index}`)), make("span", `${say("flipCopy")} ${result.copy}`, "small"));
}

function drawFixed() {
  document.documentElement.lang = lang.now === "zh" ? "zh-CN" : "en";
  const flip = shown && shown.name === "flip";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say((flip && node.dataset.flip) || node.dataset.say);
  document.body.classList.toggle("flip", Boolean(flip));
  for (const node of document.querySelectorAll("[data-lang]")) node.setAttribute("aria-pressed", node.dataset.lang === lang.now);
  for (const node of document.querySelectorAll("[data-tab]")) node.setAttribute("aria-pressed", node.dataset.tab === tab);
  $("text").placeholder = say("placeholder");
  $("text").setAttribute("aria-label", say("placeholder"));
  if (!facts) return;
  $("code").textContent = facts.paste[lang.now][tab];
  $("foot").textContent = say("foot")(facts);
  fill($("plays"), ...facts.plays[lang.now].map((play) => {
    const button = make("button");
    button.type = "button";
    button.dataset.play = play.name;
    button.disabled = busy;
    if (shown && shown.name === play.name) button.className = "on";
    button.append(make("b", play.title), make("span", play.short));
    button.addEventListener("click", () => start(play.name));
    return button;
  }));
  drawArticle();
}

function drawArticle() {
  const play = shown && facts.plays[lang.now].find((one) => one.name === shown.name);
  if (!play) return fill($("article"), shown ? "" : say("hint"));
  const [, article, rest] = play.article.match(/^([^:：]+[:：])([\s\S]*)$/);
  fill($("article"), make("b", article), rest);
}

// ---- acting

function take(run, event) {
  if (event.e === "asked") run.asked = event.text;
  else if (event.e === "piece" || event.e === "left") {
    const side = event.e === "piece" ? "sent" : "left";
    if (event.choice !== 0) return;
    if (event.field === "reasoning_content") run.thought[side] += event.text;
    else if (event.field === "refusal" && side === "left") run.refusal += event.text;
    else run.text[side] += event.text;
  } else if (event.e === "aigc") run.aigc = { ...run.aigc, ...event.aigc };
  else if (event.e === "finish") run.finish = event.reason;
  else if (event.e === "error") run.error = event;
  else if (event.e === "record") run.records.push(event.record);
  else if (event.e === "end") run.done = true;
}

const post = (path, body) => fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ lang: lang.now, ...body }) });

async function follow(path, body, run) {
  const reader = (await post(path, body)).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const one of lines) take(run, JSON.parse(one));
    draw();
  }
}

async function start(name, own) {
  if (busy) return;
  busy = true;
  const play = facts.plays[lang.now].find((one) => one.name === name);
  const question = own ? own.text : play.prompt || "";
  const run = { name, question, asked: null, text: { sent: "", left: "" }, thought: { sent: "", left: "" }, refusal: "", aigc: null, finish: "", error: null, records: [], done: false };
  shown = run;
  document.body.classList.add("busy");
  $("ask").querySelector("button").disabled = true;
  drawFixed();
  draw();
  try {
    if (name === "flip") run.flip = await (await post("flip", {})).json();
    else await follow(own ? "ask" : `play/${name}`, own || {}, run);
  } catch (error) {
    run.error = { status: 0, message: say("failed") };
  }
  run.done = true;
  busy = false;
  document.body.classList.remove("busy");
  $("ask").querySelector("button").disabled = false;
  drawFixed();
  draw();
}

for (const node of document.querySelectorAll("[data-lang]")) {
  node.addEventListener("click", () => { lang.now = node.dataset.lang; drawFixed(); draw(); });
}
for (const node of document.querySelectorAll("[data-tab]")) {
  node.addEventListener("click", () => { tab = node.dataset.tab; drawFixed(); });
}
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("code").textContent);
  $("copy").textContent = say("copied");
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text) start("own", { text, minor: $("minor").checked });
});

(async () => {
  facts = await (await fetch("facts")).json();
  drawFixed();
  draw();
  const wanted = new URLSearchParams(location.search); // ?lang=en&play=number: for links and pictures
  if (SAY[wanted.get("lang")]) { lang.now = wanted.get("lang"); drawFixed(); draw(); }
  if (wanted.get("play")) start(wanted.get("play"));
})();
drawFixed();
