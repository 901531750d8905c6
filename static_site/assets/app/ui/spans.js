// Which days the stats are of: a row of choices, two dates of one's own, and how to look at them.
import { html, useState } from "../html.js";
import { CHOICES, datesOf, dayOf, daysIn } from "../spans.js";
import { respan } from "../state/place.js";

const MOST = 3650;

function problem({ from, to }) {
  if (!from || !to) return "Choose both days.";
  if (!daysIn({ from, to })) return "The last day is before the first.";
  return daysIn({ from, to }) > MOST ? "At most ten years." : "";
}

function OwnDates({ span, onDone }) {
  const [dates, setDates] = useState(datesOf(span));
  const [wrong, setWrong] = useState("");
  const today = dayOf(new Date());
  const input = (name, label) => html`<label class="own-date"><span>${label}</span>
    <input class="input" type="date" name=${name} value=${dates[name]} max=${today} aria-invalid=${wrong ? "true" : undefined}
      aria-describedby=${wrong ? "own-dates-error" : undefined}
      onInput=${(event) => setDates({ ...dates, [name]: event.currentTarget.value })} /></label>`;
  const submit = (event) => {
    event.preventDefault();
    const found = problem(dates);
    setWrong(found);
    if (found) return;
    respan({ choice: "own", ...dates });
    onDone();
  };
  return html`<form class="own-dates" onSubmit=${submit} noValidate>
    ${input("from", "From")}${input("to", "To")}
    <button class="button">Show</button>
    ${wrong && html`<p class="field-error" id="own-dates-error" role="alert">${wrong}</p>`}
  </form>`;
}

export function Spans({ span }) {
  const [open, setOpen] = useState(span.choice === "own");
  const choose = (choice) => () => {
    setOpen(choice === "own");
    if (choice !== "own") respan({ choice, from: undefined, to: undefined });
  };
  const chosen = open ? "own" : span.choice;
  return html`<div class="spans">
    <div class="tabs" role="group" aria-label="Which days">
      ${CHOICES.map(([choice, text]) => html`<button type="button" key=${choice} aria-pressed=${chosen === choice}
        onClick=${choose(choice)}>${text}</button>`)}
    </div>
    ${open && html`<${OwnDates} span=${span} onDone=${() => setOpen(true)} />`}
  </div>`;
}
