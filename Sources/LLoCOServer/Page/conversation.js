// The conversation: questions, and answers as they come.

import { turnNode } from "./answers.js";
import { request, serverEvents } from "./api.js";
import { askedGroup, documentFacts, drawAskHint, requestBody } from "./choice.js";
import { $, announce, drawSoon } from "./dom.js";
import { brokenOff, failureOf, isAbort } from "./failures.js";
import { keepConversation } from "./history.js";

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

/** An answer in hand is not kept either. */
export function dropConversation() {
  conversation.turns = [];
  newConversation();
}

const drawnTurn = (turn) => turnNode(turn, (answer) => asking || giveAnswers([answer]));

/** The earlier turns, and the question. Comparisons have several answers and are not answered. */
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

/** Asks in each of the modes, one after another. */
export async function askIn(modes) {
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
  await giveAnswers(turn.answers);
}

async function giveAnswers(answers) {
  const own = conversation;
  asking = new AbortController();
  const { signal } = asking;
  showAsking(true);
  for (const answer of answers) await giveAnswer(answer, signal);
  asking = null;
  showAsking(false);
  keepConversation(own);
}

function showAsking(busy) {
  $("turns").ariaBusy = busy;
  const focused = [$("stop"), $("ask")].includes(document.activeElement);
  $("stop").hidden = !busy;
  $("ask").hidden = busy;
  $("compare").disabled = busy || !askedGroup();
  if (focused) $(busy ? "stop" : "ask").focus();
}

async function giveAnswer(answer, signal) {
  Object.assign(answer, { text: "", state: "reading", error: null, began: Date.now() });
  const clock = setInterval(answer.draw, 1000);
  announce("The model reads.");
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
  let isWhole = false;
  for await (const data of serverEvents(response)) {
    if (data === "[DONE]") isWhole = true;
    else takeChunk(answer, JSON.parse(data));
    drawSoon(answer, () => answer.draw());
  }
  if (!isWhole) throw brokenOff();
}

function takeChunk(answer, chunk) {
  if (chunk.error) throw failureOf(500, JSON.stringify(chunk));
  const choice = chunk.choices?.[0];
  if (choice?.delta?.content) {
    answer.text += choice.delta.content;
    answer.state = "answering";
  }
  if (choice?.finish_reason) answer.isCut = choice.finish_reason === "length";
  if (chunk.lloco) Object.assign(answer, { basis: chunk.lloco, documents: documentFacts(chunk.lloco.documents) });
  if (chunk.usage) answer.written = chunk.usage.completion_tokens;
}
