// Draws the board. Every foreign text is put in as text.

const MANY = 20; // rows
const $ = (selector) => document.querySelector(selector);

function made(name, text = "", className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function showState(text) {
  $("#state").textContent = text;
}

export function showProblem(text) {
  $("#problem").textContent = text;
  $("#problem").hidden = !text;
}

export function showClass(known) {
  document.title = `${known.title}: board`;
  $("#title").textContent = known.title;
  const notice = $("#notice");
  if (notice.textContent !== known.notice) notice.textContent = known.notice; // read aloud once
  notice.hidden = !known.notice;
}

/** Draw everything; `lower(person)` takes a hand down, null where nobody may. */
export function draw({ rows, away, errors, medians, known, lower }) {
  $("#empty").hidden = rows.length > 0;
  $("#frame").hidden = rows.length + away.length === 0;
  document.body.classList.toggle("projector", !known.instructor);
  document.body.classList.toggle("many", rows.length > MANY);
  showFigures(rows, away, known);
  showHands(rows, known, lower);
  showErrors(errors);
  $("thead").replaceChildren(headOf(known.sections, medians, known.instructor));
  const body = rows.map((row, index) => bodyRow(row, known, index + 1));
  body.push(...away.map((name) => awayRow(name, known.sections.length + 2)));
  replaceRows(body);
}

function showFigures(rows, away, { ends, address }) {
  const stuck = rows.filter(({ trouble }) => trouble?.isStuck).length;
  const hands = rows.filter(({ hand }) => hand).length;
  const here = away.length ? `${rows.length} of ${rows.length + away.length}` : `${rows.length}`;
  const people = here === "1" ? "1 person" : `${here} people`;
  const join = address ? [`join: CODE@${address}`] : [];
  const up = `${counted(hands, "hand")} up`;
  const figures = [people, `${stuck} stuck`, up, ...join, endOf(ends)];
  $("#figures").textContent = figures.join(" · ");
}

function endOf(ends) {
  const at = new Date(ends * 1000);
  const now = new Date();
  const day = at.toDateString() === now.toDateString() ? [] : [at.toLocaleDateString()];
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return [now < at ? "until" : "over since", ...day, time].join(" ");
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

function showHands(rows, known, lower) {
  const up = rows.filter(({ hand }) => hand).sort((one, other) => one.hand.at - other.hand.at);
  $("#hands").hidden = !up.length || !lower;
  const items = up.map(({ person, hand }) => {
    const item = made("li", `${nameOf(person, known)}: ${hand.text}`);
    if (lower) {
      const button = made("button", "Lower");
      button.setAttribute("aria-label", `Lower the hand of ${nameOf(person, known)}`);
      button.addEventListener("click", () => lower(person));
      item.append(button);
    }
    return item;
  });
  keepFocus($("#hands ul"), items);
}

function showErrors(errors) {
  $("#errors").hidden = !errors.length;
  const sentence = ({ people, section, error, cause }) =>
    `${people} people have the same error in section ${section}: ${[error, cause].filter(Boolean).join(", ")}`;
  $("#errors ul").replaceChildren(...errors.map((one) => made("li", sentence(one))));
}

function headOf(sections, medians, isInstructor) {
  const row = made("tr");
  row.append(columnHead(isInstructor ? "Name" : "Person"));
  sections.forEach(({ number, title, minutes }, index) => {
    const cell = columnHead(number);
    const took = medians[index];
    const stated = minutes || "?"; // of a notebook that says none
    cell.append(made("small", took === null ? `${stated}` : `${took}/${stated}`));
    cell.title = `${title}: ${took === null ? "" : `${took} of `}${stated} minutes`;
    row.append(cell);
  });
  const pace = columnHead("Pace");
  pace.append(made("small", "of min"));
  row.append(pace, columnHead("Now"));
  return row;
}

function columnHead(text) {
  const cell = made("th", text);
  cell.scope = "col";
  return cell;
}

function bodyRow(row, known, place) {
  const element = made("tr", "", row.hand ? "hand" : "");
  element.dataset.person = row.person;
  const head = rowHead(known.instructor ? nameOf(row.person, known) : `${place}`);
  element.append(head);
  row.squares.forEach((square, index) => {
    const isNow = row.trouble?.section === known.sections[index].number;
    element.append(cellOf(square, isNow ? row.trouble : null));
  });
  element.append(paceCell(row.pace), nowCell(row.trouble, row.quiet));
  return element;
}

function rowHead(text) {
  const cell = made("th");
  cell.append(made("span", text));
  cell.scope = "row";
  cell.title = text; // a long one is cut off
  return cell;
}

function cellOf(square, trouble) {
  if (!square) return made("td");
  const star = square.solved ? "\u00a0★" : "";
  let cell;
  if (square.passed) cell = made("td", `${square.minutes}${star}`, "passed");
  else if (trouble?.isStuck) cell = made("td", `${trouble.minutes} min${star}`, "stuck");
  else cell = made("td", `${square.tries}×${star}`, "failed");
  cell.dataset.id = square.last;
  return cell;
}

const paceCell = ({ took, meant }) => made("td", meant ? `${took} of ${meant}` : "");

function nowCell(trouble, quiet) {
  if (!trouble) return whyCell(quiet ? `no sign for ${quiet} min` : "");
  const why = [trouble.error, trouble.cause].filter(Boolean).join(": ");
  const stuck = trouble.isStuck ? `stuck for ${trouble.minutes} min, ` : "";
  return whyCell(`${trouble.section}: ${stuck}${why}`);
}

function whyCell(text) {
  const cell = made("td", "", "why");
  cell.append(made("span", text));
  cell.title = text;
  return cell;
}

function awayRow(name, columns) {
  const row = made("tr", "", "away");
  const head = rowHead(name);
  const cell = made("td", "not here yet", "why");
  cell.colSpan = columns;
  row.append(head, cell);
  return row;
}

const nameOf = (person, known) => known.names?.[person] ?? "";

/** Only rows that look different are put in anew: a reader's selection stays. */
function replaceRows(rows) {
  const body = $("tbody");
  rows.forEach((row, index) => {
    const before = body.children[index];
    if (!before) body.append(row);
    else if (!before.isEqualNode(row)) before.replaceWith(row);
  });
  while (body.children.length > rows.length) body.lastElementChild.remove();
}

function keepFocus(list, items) {
  const position = [...list.querySelectorAll("button")].indexOf(document.activeElement);
  list.replaceChildren(...items);
  if (position >= 0) list.querySelectorAll("button")[position]?.focus();
}
