// Which messages of a long talk stand in the page: those in sight, and as many around them as
// MOST_NODES allows. The others are only space, as high as they were when they last stood in the page,
// or, if they never did, as their text makes likely.

const MOST_NODES = 285; // of the list, texts included
const IN_SIGHT_PX = 100; // beyond the edges, for who goes on by keyboard
const LINE_PX = 24;
const AROUND_TEXT_PX = 40;
const LETTER_PX = 8;

export class Rows {
  list = []; // messages, each with its height
  first = 0;
  drawn = []; // the nodes of each message that stands in the page, from the first one on
  width = 400;
  // Where the list begins. When a height above the reader turns out to be another one, this moves, so
  // that neither the reader does nor a finger's scrolling is interrupted.
  start = 0;
  mark = null; // the message at the reader's upper edge, and how far below the edge it ends

  get last() {
    return this.first + this.drawn.length;
  }

  height(index) {
    const { height, text } = this.list[index];
    const lines = Math.ceil((text.length * LETTER_PX) / this.width) || 1;
    return height || AROUND_TEXT_PX + LINE_PX * lines;
  }

  /** Where a message begins; the end of the list is where the one behind the last would. */
  begin(index) {
    let begin = this.start;
    for (let each = 0; each < index; each += 1) begin += this.height(each);
    return begin;
  }

  /** Which message is at a place, and where it begins. */
  at(place) {
    let index = 0;
    let begin = this.start;
    while (index < this.list.length - 1 && begin + this.height(index) <= place) {
      begin += this.height(index);
      index += 1;
    }
    return { index, begin };
  }

  /** Note where the reader's upper edge is; at the very top that is all there is to know. */
  note(edge, isAtTop) {
    if (!this.list.length) return void (this.mark = null);
    if (isAtTop) this.start = 0;
    const { index, begin } = this.at(edge);
    const offset = begin + this.height(index) - edge;
    this.mark = { item: this.list[index], offset, top: isAtTop ? edge : null };
  }

  /** Where the edge has to be, so that the reader sees the same message at the same place. */
  get edge() {
    if (!this.mark) return 0;
    const { item, offset, top } = this.mark;
    const index = this.list.indexOf(item);
    if (index === 0 && top !== null) return top;
    if (index >= 0) return this.begin(index + 1) - offset;
    const next = this.list.findIndex(({ sentAt }) => sentAt >= item.sentAt); // it is gone
    return this.begin(next < 0 ? this.list.length : next) - offset;
  }

  /** Draw what is in sight from `top` to `bottom`, and `around` it; draw(index) makes nodes. */
  draw(top, bottom, around, draw) {
    const { index, begin } = this.at(top - IN_SIGHT_PX);
    this.first = index;
    this.drawn = [];
    let above = begin; // what is drawn reaches from here
    let below = begin; // to here
    let nodes = 0;
    for (;;) {
      const hasMore = this.last < this.list.length;
      const isInSight = hasMore && below < bottom + IN_SIGHT_PX;
      const up = this.first > 0 && !isInSight && top - above < around;
      const down = isInSight || (hasMore && below - bottom < around);
      if (!up && !down) break;
      const isNext = up && (!down || top - above < below - bottom) ? this.first - 1 : this.last;
      const made = draw(isNext);
      nodes += made.reduce((sum, node) => sum + nodesIn(node), 0);
      if (!isInSight && nodes > MOST_NODES) break;
      if (isNext < this.first) {
        this.first = isNext;
        this.drawn.unshift(made);
        above -= this.height(isNext);
      } else {
        this.drawn.push(made);
        below += this.height(isNext);
      }
    }
    return this.drawn.flat();
  }

  /** Whether what is drawn is enough for what is in sight. */
  covers(top, bottom) {
    const isEnoughAbove = this.first === 0 || this.begin(this.first) <= top - IN_SIGHT_PX;
    const isLast = this.last === this.list.length;
    return isEnoughAbove && (isLast || this.begin(this.last) >= bottom + IN_SIGHT_PX);
  }

  /** Take the heights of what is drawn from the page. */
  measure() {
    this.drawn.forEach((nodes, number) => {
      const { top } = nodes[0].el.getBoundingClientRect();
      const { bottom } = nodes.at(-1).el.getBoundingClientRect();
      this.list[this.first + number].height = bottom - top;
    });
  }

  /** After a change of width every height is another one. */
  resize(width) {
    this.width = width;
    for (const item of this.list) item.height = 0;
  }
}

function nodesIn({ children }) {
  if (!Array.isArray(children)) return children ? 2 : 1; // with its text, or without
  return 1 + children.reduce((sum, child) => sum + (child.type ? nodesIn(child) : 1), 0);
}
