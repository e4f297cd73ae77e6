/** Entries of a page, as many as the API gives at once. */
const PAGE = 500;

/**
 * All of a list of the API, page by page.
 * @param {(path: string) => Promise<object[]>} read asks for a page
 * @param {string} list its path
 * @param {string} key what of an entry says where the next page begins
 */
export async function all(read, list, key) {
  const found = [];
  for (;;) {
    const after = found.length > 0 ? `&after=${encodeURIComponent(found.at(-1)[key])}` : "";
    const page = await read(`${list}?limit=${PAGE}${after}`);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
