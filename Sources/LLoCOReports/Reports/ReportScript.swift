/// The page's script, which fills the list of questions on demand.
///
/// Data becomes text, never markup. The URL fragment stores the state:
/// `#search=...&task=...&mode=full&outcome=right&sort=0-1&open=ID`; `0-1` sorts by the first mode's advantage over the
/// second.
package enum ReportScript {
    package static let text = #"""
        "use strict";
        (() => {
        const byId = (id) => document.getElementById(id);
        const source = byId("data");
        if (!source) return;
        const data = JSON.parse(source.textContent);
        source.remove();
        const { modes, questions, texts, metrics } = data;
        const page = 100;
        const state = { search: "", task: "", mode: modes[0].name, outcome: "", sort: "" };
        let open = "", shown = page, matches = [], timer = 0;

        const make = (name, properties = {}, ...children) => {
          const element = document.createElement(name);
          for (const [key, value] of Object.entries(properties)) {
            if (key === "text") element.textContent = value;
            else if (value !== null) element.setAttribute(key, value);
          }
          element.append(...children);
          return element;
        };
        // Does not split a surrogate pair.
        const clip = (text, length) => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
        const number = (value, digits = 0) => value.toLocaleString("en-US",
          { minimumFractionDigits: digits, maximumFractionDigits: digits });
        const plural = (count, noun) => number(count) + " " + noun + (count === 1 ? "" : "s");
        const seconds = (value) => number(value, value < 1 ? 3 : value < 10 ? 2 : 1) + " s";

        const chip = (mode, result) => make("span",
          { class: result ? "score heat-" + Math.max(0, Math.min(10, Math.round(result.score / 10))) : "score absent" },
          make("b", { text: mode.name + " " }), result ? number(result.score, 0) : "–");

        // The searchable text of each question, built on the first search.
        const words = new Map();
        const wordsOf = (index) => {
          let found = words.get(index);
          if (found === undefined) {
            const question = questions[index];
            found = [question.id, question.document, question.question, ...question.answers,
              ...question.results.map((result) => result ? result.prediction : "")].join("\n").toLowerCase();
            words.set(index, found);
          }
          return found;
        };

        const outcomes = {
          right: (score) => score >= 99.995,
          partly: (score) => score > 0 && score < 99.995,
          wrong: (score) => score <= 0,
        };

        const difference = (question, first, second) => {
          const [one, other] = [question.results[first], question.results[second]];
          return one && other ? one.score - other.score : -Infinity;
        };

        const find = () => {
          const wanted = state.search.toLowerCase().split(/\s+/).filter(Boolean);
          const test = outcomes[state.outcome];
          const place = modes.findIndex((mode) => mode.name === state.mode);
          matches = [];
          questions.forEach((question, index) => {
            if (state.task && question.attributes.task !== state.task) return;
            if (test) {
              const result = question.results[place];
              if (!result || !test(result.score)) return;
            }
            if (wanted.length) {
              const text = wordsOf(index);
              if (!wanted.every((word) => text.includes(word))) return;
            }
            matches.push(index);
          });
          let key = null;
          if (/^\d+-\d+$/.test(state.sort)) {
            const [first, second] = state.sort.split("-").map(Number);
            key = (index) => -difference(questions[index], first, second);
          } else if (state.sort === "length") {
            key = (index) => -questions[index].tokens;
          }
          if (key) {
            const keys = new Map(matches.map((index) => [index, key(index)]));
            matches.sort((a, b) => {
              const [x, y] = [keys.get(a), keys.get(b)];
              return x < y ? -1 : x > y ? 1 : a - b;
            });
          }
        };

        const pair = (list, name, value) => {
          list.append(make("dt", { text: name }), make("dd", { text: value }));
        };

        const passageList = (result) => {
          const details = make("details", {},
            make("summary", { text: plural(result.passages.length, "passage") }));
          // The passages' text is added on first opening.
          details.addEventListener("toggle", () => {
            if (!details.open || details.childElementCount > 1) return;
            for (const passage of result.passages) {
              details.append(
                make("p", { class: "source", text: passage.document + ", bytes " + number(passage.start) + " to " +
                  number(passage.end) + ", score " + number(passage.score, 3) }),
                make("blockquote", { text: texts[passage.text], dir: "auto" }));
            }
          });
          return details;
        };

        const card = (mode, result, question) => {
          const element = make("article", { class: "card " + mode.series });
          element.append(make("h5", {}, mode.name, chip(mode, result)));
          if (!result) {
            element.append(make("p", { class: "empty", text: "Not asked in this mode." }));
            return element;
          }
          element.append(result.prediction === ""
            ? make("p", { class: "answer empty", text: "Empty answer" })
            : make("p", { class: "answer", text: result.prediction, dir: "auto" }));
          for (const remark of result.remarks) element.append(make("p", { class: "empty", text: remark, dir: "auto" }));
          const list = make("dl");
          for (const name of Object.keys(result.scores).sort()) {
            pair(list, metrics[name] || name, number(result.scores[name], 1));
          }
          pair(list, "Context tokens", number(result.context));
          pair(list, "Prompt tokens", number(result.prompt));
          pair(list, "Generated tokens", number(result.generated));
          if (result.cut > 0) pair(list, "Truncated tokens", number(result.cut));
          ["Retrieve", "Prefill", "Decode", "Total"].forEach((name, index) => {
            pair(list, name, seconds(result.seconds[index]));
          });
          if (result.likelihoods) {
            result.likelihoods.forEach((value, index) => {
              pair(list, "log p, " + (index < 26 ? String.fromCharCode(65 + index) : index + 1), number(value, 3));
            });
          }
          element.append(list);
          if (result.passages.length) element.append(passageList(result));
          return element;
        };

        const fill = (detail, question) => {
          const facts = [question.id, question.document, plural(question.tokens, "token"),
            metrics[question.metric] || question.metric];
          for (const name of Object.keys(question.attributes).sort()) {
            facts.push(name + ": " + question.attributes[name]);
          }
          detail.append(
            make("p", { class: "meta", text: facts.join(" · "), dir: "auto" }),
            make("h4", { text: "Question" }), make("p", { class: "text", text: question.question, dir: "auto" }),
            make("h4", { text: question.answers.length === 1 ? "Reference" : "References" }),
            make("ul", {}, ...question.answers.map((answer) => make("li", { text: answer, dir: "auto" }))),
            make("div", { class: "cards" },
              ...modes.map((mode, index) => card(mode, question.results[index], question))));
        };

        const toggle = (button, detail, question, isOpen) => {
          button.setAttribute("aria-expanded", String(isOpen));
          detail.hidden = !isOpen;
          if (isOpen && !detail.childElementCount) fill(detail, question);
        };

        const item = (index) => {
          const question = questions[index];
          const id = "question-" + index;
          const button = make("button", { class: "row", type: "button", "aria-controls": id },
            make("span", { class: "question", text: clip(question.question, 400), dir: "auto" }),
            make("span", { class: "scores" }, ...modes.map((mode, place) => chip(mode, question.results[place]))));
          const detail = make("div", { class: "detail", id });
          toggle(button, detail, question, question.id === open);
          button.addEventListener("click", () => {
            const isOpen = detail.hidden;
            toggle(button, detail, question, isOpen);
            if (isOpen) open = question.id;
            else if (open === question.id) open = "";
            remember();
          });
          return make("li", {}, button, detail);
        };

        const render = () => {
          byId("list").replaceChildren(...matches.slice(0, shown).map(item));
          byId("more").hidden = matches.length <= shown;
          byId("status").textContent = matches.length === questions.length
            ? plural(questions.length, "question")
            : number(matches.length) + " of " + plural(questions.length, "question");
        };

        const update = () => {
          shown = page;
          find();
          render();
        };

        const remember = () => {
          const parameters = new URLSearchParams();
          for (const [key, value] of Object.entries({ ...state, open })) {
            if (value && !(key === "mode" && !state.outcome)) parameters.set(key, value);
          }
          const text = parameters.toString();
          history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
        };

        const fields = {};
        const read = () => {
          const parameters = new URLSearchParams(location.hash.slice(1));
          for (const key of Object.keys(state)) {
            const initial = key === "mode" ? modes[0].name : "";
            const value = parameters.get(key) ?? initial;
            if (!fields[key]) continue;
            fields[key].value = value;
            // An unknown value would leave the select element empty.
            if (fields[key].value !== value) fields[key].value = initial;
            state[key] = fields[key].value;
          }
          open = parameters.get("open") ?? "";
          const place = questions.findIndex((question) => question.id === open);
          update();
          // Shows the opened question even beyond the first page.
          if (place >= 0 && matches.indexOf(place) >= shown) {
            shown = matches.indexOf(place) + 1;
            render();
          }
        };

        const choice = (key, label, options) => {
          const select = make("select", {}, ...options.map(([value, text]) => make("option", { value, text })));
          select.addEventListener("change", () => {
            state[key] = select.value;
            update();
            remember();
          });
          fields[key] = select;
          byId("controls").append(make("label", {}, label, select));
        };

        const search = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
        fields.search = search;
        search.addEventListener("input", () => {
          clearTimeout(timer);
          timer = setTimeout(() => {
            state.search = search.value;
            update();
            remember();
          }, 120);
        });
        byId("controls").append(make("label", { class: "search" }, "Search", search));
        const tasks = [...new Set(questions.map((question) => question.attributes.task).filter(Boolean))].sort();
        if (tasks.length > 1) choice("task", "Task", [["", "All"], ...tasks.map((task) => [task, clip(task, 60)])]);
        choice("mode", "Mode", modes.map((mode) => [mode.name, mode.name]));
        choice("outcome", "Answered", [["", "right or wrong"], ["right", "right (100)"], ["partly", "partly right"],
          ["wrong", "wrong (0)"]]);
        const orders = [["", "as asked"], ["length", "longest document first"]];
        modes.forEach((first, i) => modes.forEach((second, j) => {
          if (i !== j) orders.push([i + "-" + j, first.name + " ahead of " + second.name]);
        }));
        choice("sort", "Order", orders);
        byId("head").append(make("span", { class: "question", text: "Question" }),
          make("span", { class: "scores" }, ...modes.map((mode) => make("span", { class: "score", text: mode.name }))));

        byId("more").addEventListener("click", () => {
          const first = shown;
          shown += page;
          byId("list").append(...matches.slice(first, shown).map(item));
          byId("more").hidden = matches.length <= shown;
          byId("list").children[first]?.querySelector("button").focus();
        });
        // The arrow keys move between questions.
        byId("list").addEventListener("keydown", (event) => {
          const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
          if (!step || !event.target.classList.contains("row")) return;
          const next = event.target.parentElement[step];
          if (next) {
            event.preventDefault();
            next.firstElementChild.focus();
          }
        });
        addEventListener("hashchange", read);
        byId("browser").hidden = false;
        read();
        })();
        """#
}
