/** How high a row is taken to be until it was shown, in pixels. */
const GUESS = 52;
/** How near the end counts as the end, in pixels. */
const NEAR = 24;
/** Most rounds of showing and measuring: heights that were guessed wrong bring other rows into view. */
const ROUNDS = 4;

/**
 * A list of which only the rows near the view are in the document. Rows are measured once they are shown and guessed before; what
 * is in view stays where it is when rows above it come, go or turn out otherwise, and who is at the end stays there.
 */
export class WindowedList {
  #viewport;
  #list;
  #rows;
  #keys = [];
  #offsets = [0];
  #heights = new Map();
  #shown = new Map();
  #isDue = false;
  #width = 0;
  isAtEnd = true;

  /**
   * @param {HTMLElement} viewport what scrolls
   * @param {HTMLElement} list what the rows are put into
   * @param {{keys(): any[], size(): number, version(i: number): string, render(i: number): HTMLElement, drawn(): void}} rows the
   *   rows: each has a key for good and a version that changes with what is shown; `size` is how many there are, -1 where that is
   *   not known; `drawn` is called whenever others may be in view
   */
  constructor(viewport, list, rows) {
    [this.#viewport, this.#list, this.#rows] = [viewport, list, rows];
    viewport.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#resized()).observe(viewport);
  }

  /** The first row in view. */
  get first() {
    return this.#indexAt(this.#viewport.scrollTop);
  }

  /** The element of a row, where it is in the document. */
  element(key) {
    return this.#shown.get(key)?.element;
  }

  /** Shows rows that have changed. */
  refresh() {
    const anchor = this.#anchor();
    this.#keys = this.#rows.keys();
    this.#place();
    this.#draw(anchor);
  }

  /** Forgets all rows, and shows the end of others. */
  reset() {
    this.#heights.clear();
    this.#keep(new Set());
    this.toEnd();
  }

  toEnd() {
    this.isAtEnd = true;
    this.refresh();
  }

  /** Brings a row to the middle of the view. */
  toRow(key) {
    const height = this.#heights.get(key) ?? GUESS;
    this.isAtEnd = false;
    this.#draw({ key, lead: Math.min(0, (height - this.#viewport.clientHeight) / 2) });
  }

  #scrolled() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      const { scrollTop, scrollHeight, clientHeight } = this.#viewport;
      this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
      this.#draw(this.#anchor());
    });
  }

  #resized() {
    const anchor = this.#anchor();
    if (this.#viewport.clientWidth !== this.#width) this.#heights.clear();
    this.#width = this.#viewport.clientWidth;
    this.#draw(anchor);
  }

  /** The row at the top of the view, and how much of it is above. */
  #anchor() {
    const { first } = this;
    return { key: this.#keys[first], lead: this.#viewport.scrollTop - this.#offsets[first] };
  }

  #draw(anchor) {
    const view = this.#viewport.clientHeight;
    const index = this.#keys.indexOf(anchor.key);
    let top = this.#viewport.scrollTop;
    for (let round = 0; round < ROUNDS; round += 1) {
      const most = Math.max(this.#offsets.at(-1) - view, 0);
      if (this.isAtEnd) top = most;
      else if (index >= 0) top = Math.min(Math.max(this.#offsets[index] + anchor.lead, 0), most);
      this.#show(this.#indexAt(top - view / 2), this.#indexAt(top + 1.5 * view));
      if (!this.#measure()) break;
    }
    if (Math.abs(this.#viewport.scrollTop - top) > 0.5) this.#viewport.scrollTop = top;
    this.#rows.drawn();
  }

  #show(from, to) {
    const wanted = this.#keys.slice(from, to + 1);
    this.#keep(new Set(wanted));
    let next = this.#list.firstElementChild;
    wanted.forEach((key, i) => {
      const isNext = this.element(key) === next && next !== null;
      const element = this.#upToDate(key, from + i);
      if (isNext) next = element.nextElementSibling;
      else this.#list.insertBefore(element, next);
      this.#number(element, from + i + 1);
    });
    this.#list.style.paddingTop = `${this.#offsets[from]}px`;
    this.#list.style.paddingBottom = `${this.#offsets.at(-1) - this.#offsets[from + wanted.length]}px`;
  }

  /** Says which of how many it is, where most are not in the document. */
  #number(element, place) {
    const size = this.#rows.size();
    if (element.ariaPosInSet !== `${place}`) element.ariaPosInSet = `${place}`;
    if (element.ariaSetSize !== `${size}`) element.ariaSetSize = `${size}`;
  }

  #upToDate(key, index) {
    const shown = this.#shown.get(key);
    const version = this.#rows.version(index);
    if (shown?.version === version) return shown.element;
    const element = this.#rows.render(index);
    this.#shown.set(key, { element, version });
    this.#heights.delete(key);
    if (shown) this.#replace(shown.element, element);
    return element;
  }

  #replace(old, element) {
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(element);
    if (hadFocus) element.focus({ preventScroll: true });
  }

  /** Takes all others out; who was in one of them is still in the list. */
  #keep(keys) {
    for (const [key, { element }] of this.#shown) {
      if (keys.has(key)) continue;
      if (element.contains(document.activeElement)) this.#viewport.focus({ preventScroll: true });
      element.remove();
      this.#shown.delete(key);
    }
  }

  /** Measures rows that were not measured yet. Returns whether any is otherwise than it was taken to be. */
  #measure() {
    let isOther = false;
    for (const [key, { element }] of this.#shown) {
      if (this.#heights.has(key)) continue;
      this.#heights.set(key, element.getBoundingClientRect().height);
      isOther = true;
    }
    if (isOther) this.#place();
    return isOther;
  }

  #place() {
    const offsets = new Array(this.#keys.length + 1);
    offsets[0] = 0;
    this.#keys.forEach((key, i) => (offsets[i + 1] = offsets[i] + (this.#heights.get(key) ?? GUESS)));
    this.#offsets = offsets;
  }

  /** The row at a height; the last one below all. */
  #indexAt(y) {
    let [low, high] = [0, Math.max(this.#keys.length - 1, 0)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
