// The conversation: questions and streamed answers.

import { turnNode } from "./answers.js";
import { request, serverEvents } from "./api.js";
import { askedGroup, documentFacts, drawAskHint, requestBody } from "./choice.js";
import { $, announce, drawSoon } from "./dom.js";
import { failureOf, interrupted, isAbort } from "./failures.js";
import { storeConversation } from "./history.js";

const emptyConversation = (group) => ({ id: Date.now(), group, turns: [] });

let conversation = emptyConversation("");
let asking = null;

export const stopAsking = () => asking?.abort();

export const newConversation = () => showConversation(emptyConversation(askedGroup()));

export function showConversation(next) {
  stopAsking();
  conversation = next;
  $("turns").replaceChildren(...conversation.turns.map(drawnTurn));
  $("new-conversation").hidden = conversation.turns.length === 0;
  drawAskHint();
}

/** Also discards an answer in progress. */
export function dropConversation() {
  conversation.turns = [];
  newConversation();
}

const drawnTurn = (turn) => turnNode(turn, (answer) => asking || generateAnswers([answer]));

/** The earlier turns and the question. Comparisons are omitted, because they have several answers. */
function messagesBefore(question) {
  const answered = conversation.turns.filter((turn) =>
    turn.answers.length === 1 && turn.answers[0].text && turn.answers[0].state !== "failed");
  return [
    ...answered.slice(-20).flatMap((turn) => [
      { role: "user", content: turn.question }, { role: "assistant", content: turn.answers[0].text },
    ]),
    { role: "user", content: question },
  ];
}

/** Asks the question in each mode, one after another. */
export async function askInModes(modes) {
  const question = $("question").value.trim();
  if (asking || !question) return;
  const messages = messagesBefore(question);
  const turn = {
    question,
    answers: modes.map((mode) => ({ mode, text: "", state: "waiting", body: requestBody(messages, mode) })),
  };
  conversation.group = askedGroup();
  conversation.turns.push(turn);
  $("question").value = "";
  $("ask-empty").hidden = true;
  $("new-conversation").hidden = false;
  const node = drawnTurn(turn);
  $("turns").append(node);
  node.scrollIntoView({ block: "start" });
  await generateAnswers(turn.answers);
}

async function generateAnswers(answers) {
  const current = conversation;
  asking = new AbortController();
  const { signal } = asking;
  showAsking(true);
  for (const answer of answers) await generateAnswer(answer, signal);
  asking = null;
  showAsking(false);
  storeConversation(current);
}

function showAsking(busy) {
  $("turns").ariaBusy = busy;
  const focused = [$("stop"), $("ask")].includes(document.activeElement);
  $("stop").hidden = !busy;
  $("ask").hidden = busy;
  $("compare").disabled = busy || !askedGroup();
  if (focused) $(busy ? "stop" : "ask").focus();
}

async function generateAnswer(answer, signal) {
  Object.assign(answer, { text: "", state: "prefill", error: null, began: Date.now() });
  const clock = setInterval(answer.draw, 1000);
  announce("The model processes the prompt.");
  try {
    signal.throwIfAborted();
    await streamAnswer(answer, signal);
    answer.state = "done";
    announce("The answer is complete.");
  } catch (error) {
    answer.state = isAbort(error) ? "stopped" : "failed";
    answer.error = isAbort(error) ? null : error;
    announce(answer.error?.message ?? "Stopped.");
  }
  clearInterval(clock);
  answer.draw();
}

async function streamAnswer(answer, signal) {
  const response = await request("/v1/chat/completions", { method: "POST", json: answer.body, signal });
  let isComplete = false;
  for await (const data of serverEvents(response)) {
    if (data === "[DONE]") isComplete = true;
    else takeChunk(answer, JSON.parse(data));
    drawSoon(answer, () => answer.draw());
  }
  if (!isComplete) throw interrupted();
}

function takeChunk(answer, chunk) {
  if (chunk.error) throw failureOf(500, JSON.stringify(chunk));
  const choice = chunk.choices?.[0];
  if (choice?.delta?.content) {
    answer.text += choice.delta.content;
    answer.state = "decode";
  }
  if (choice?.finish_reason) answer.isCut = choice.finish_reason === "length";
  if (chunk.lloco) Object.assign(answer, { basis: chunk.lloco, documents: documentFacts(chunk.lloco.documents) });
  if (chunk.usage) answer.written = chunk.usage.completion_tokens;
}
