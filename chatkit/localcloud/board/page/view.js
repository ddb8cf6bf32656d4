// Draws the board. Every foreign text is put in as text.

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
}

/** Draw everything; `lower(person)` takes a hand down, null where nobody may. */
export function draw({ rows, away, errors, medians, known, lower }) {
  $("#empty").hidden = rows.length > 0;
  $("#frame").hidden = rows.length + away.length === 0;
  showFigures(rows, away);
  showHands(rows, known, lower);
  showErrors(errors);
  $("thead").replaceChildren(headOf(known.sections, medians, known.instructor));
  const body = rows.map((row, index) => bodyRow(row, known, index + 1));
  body.push(...away.map((name) => awayRow(name, known.sections.length + 2)));
  replaceRows(body);
}

function showFigures(rows, away) {
  const stuck = rows.filter(({ trouble }) => trouble?.isStuck).length;
  const hands = rows.filter(({ hand }) => hand).length;
  const here = away.length ? `${rows.length} of ${rows.length + away.length}` : `${rows.length}`;
  $("#figures").textContent = `${here} people · ${stuck} stuck · ${counted(hands, "hand")} up`;
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
    cell.title = title;
    const took = medians[index];
    const pace = took === null ? `${minutes} min` : `${took}/${minutes} min`;
    cell.append(made("small", pace));
    row.append(cell);
  });
  row.append(columnHead("Pace"), columnHead("Now"));
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
  const head = made("th", known.instructor ? nameOf(row.person, known) : `${place}`);
  head.scope = "row";
  element.append(head);
  row.squares.forEach((square, index) => {
    const isNow = row.trouble?.section === known.sections[index].number;
    element.append(cellOf(square, isNow ? row.trouble : null));
  });
  element.append(paceCell(row.pace), nowCell(row.trouble, row.quiet));
  return element;
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

const paceCell = ({ took, meant }) => made("td", meant ? `${took} of ${meant} min` : "");

function nowCell(trouble, quiet) {
  if (!trouble) return made("td", quiet ? `no sign for ${quiet} min` : "", "why");
  const why = [trouble.error, trouble.cause].filter(Boolean).join(": ");
  const stuck = trouble.isStuck ? `stuck for ${trouble.minutes} min, ` : "";
  return made("td", `${trouble.section}: ${stuck}${why}`, "why");
}

function awayRow(name, columns) {
  const row = made("tr", "", "away");
  const head = made("th", name);
  head.scope = "row";
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
