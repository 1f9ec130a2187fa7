// The form that tunes a group's adapter.

import { $, onSubmit } from "./dom.js";
import { Failure } from "./failures.js";
import { outcomeOf, showFailure, submitJob } from "./jobforms.js";
import { state } from "./state.js";

function openTune() {
  $("tune").hidden = false;
  $("group-tune").setAttribute("aria-expanded", "true");
  $("tune").querySelector("input:checked").focus();
}

export function closeTune() {
  $("tune").hidden = true;
  $("group-tune").setAttribute("aria-expanded", "false");
  outcomeOf("tune").replaceChildren();
}

function leaveTune() {
  closeTune();
  $("group-tune").focus();
}

const questionsFrom = () => $("tune").querySelector("input[name=questions]:checked").value;

async function submitTuning() {
  const files = questionsFrom() === "file" ? [...$("questions-file").querySelector("input").files] : [];
  if (questionsFrom() === "file" && files.length === 0) {
    showFailure("tune", new Failure("Choose a questions file first."));
    return;
  }
  const fields = { kind: "finetune", group: state.group };
  if ($("epochs").value) fields.epochs = Number($("epochs").value);
  if ($("learning-rate").value) fields.learning_rate = Number($("learning-rate").value);
  if (await submitJob("tune", fields, files, submitTuning)) leaveTune();
}

export function listenToTuning() {
  $("group-tune").onclick = () => ($("tune").hidden ? openTune() : closeTune());
  $("tune-close").onclick = leaveTune;
  $("tune").addEventListener("change", () => ($("questions-file").hidden = questionsFrom() !== "file"));
  onSubmit("tune", submitTuning);
}
