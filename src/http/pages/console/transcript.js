/*
 * What a tap showed as a transcript, which `tolmach replay` runs: who is there, what each says, what all are told because of it.
 * The command `tolmach tap --save` knows the dialects and hides more of what no two runs share.
 */

const SAVED = [
  "Saved by the console. Logins are not shown; the header has them.",
  "Numbers of messages, rooms and users are those of the gateway it was seen on. `tolmach replay` shows where they differ on a fresh one.",
];
/** Most accounts that are named only for the numbers of those behind them. */
const MOST_FILLERS = 64;
/** The password of every account of a transcript. */
const PASSWORD = "CorrectHorseBatteryStaple";
/** A room that every gateway of a transcript has. */
const THERE = "lobby";
const SECRET = "<secret>";
/** Around the recording, in seconds, a number is still a time of it. */
const SLACK = 60;

/** The text of a transcript. */
export function transcript(entries) {
  const run = {
    people: new Map(),
    names: new Set(),
    rooms: new Set(),
    accounts: new Map(),
    steps: [],
    late: [],
    times: entries.map(({ time }) => Date.parse(time) / 1000),
  };
  for (const entry of entries) take(run, entry);
  const lost = entries.filter(({ kind }) => kind === "lost").length > 0;
  const comments = [...SAVED, ...(lost ? ["Entries are missing: they came too fast."] : [])];
  const rooms = [...run.rooms].map((name) => `operator: create room ${name}`);
  const header = comments.map((line) => `# ${line}`);
  const late = run.names.size > 1 ? ["answers: late"] : [];
  return `${[...header, ...late, ...accounts(run.accounts), ...rooms, ...run.late, ...run.steps.map(written)].join("\n")}\n`;
}

/** The accounts that must be named before all others so that each gets its number; none where they came in that order. */
function accounts(logins) {
  const ids = [...logins.keys()];
  const last = Math.max(0, ...ids);
  if (ids.every((id, i) => id === i + 1)) return [];
  const all = Array.from({ length: Math.min(last, MOST_FILLERS) }, (_, i) => logins.get(i + 1) ?? `user-${i + 1}`);
  return (last <= MOST_FILLERS ? all : [...logins.values()]).map((login) => `${login}: account`);
}

function take(run, entry) {
  const name = entry.event?.room?.room?.name;
  if (name && name !== THERE) run.rooms.add(name);
  const step = steps[entry.kind];
  if (entry.connection === undefined || !step) return;
  const person = meet(run, entry);
  step(run, entry, person);
}

/** What a kind of entry adds. */
const steps = {
  in(run, { frames }, person) {
    for (const frame of frames) {
      if (!person.name) Object.assign(person, { login: run.steps.push({ said: [], told: [] }) - 1, room: roomOf(frame) });
      else
        run.steps.push({
          said: framed(
            person,
            ">",
            frame.map((line) => hide(run, line.replaceAll(SECRET, PASSWORD))),
          ),
          told: [],
        });
    }
  },
  out(run, { frames }, person) {
    const step = run.steps.at(-1);
    if (!person.name || !step || run.steps.indexOf(step) === person.login) return;
    for (const frame of frames)
      step.told.push(
        ...framed(
          person,
          "<",
          frame.map((line) => hide(run, secret(person, line))),
        ),
      );
  },
  ended(run, _, person) {
    if (person.name) run.steps.push({ said: [`${person.name} > (end)`], told: [] });
  },
  closed(run, { connection }, person) {
    if (person.name) run.steps.at(-1)?.told.push(`${person.name} < (closed)`);
    run.people.delete(connection);
  },
};

/** Finds out who a connection is, when that is known. */
function meet(run, { connection, dialect, user, user_id: id, guest }) {
  if (!run.people.has(connection)) run.people.set(connection, { name: null, login: null, room: null, secrets: 0 });
  const person = run.people.get(connection);
  if (person.name || !user) return person;
  if (!guest) run.accounts.set(id, user);
  let name = user;
  for (let number = 2; run.names.has(name); number += 1) name = `${user}.${number}`;
  run.names.add(name);
  person.name = name;
  const line = `${name}: ${dialect}${person.room ? ` #${person.room}` : ""}${guest ? " guest" : ""}`;
  if (person.login === null) run.late.push(`# ${name} was there before; what came of the login was not seen.`, line);
  else run.steps[person.login].said = [line];
  return person;
}

/** The room that a login names, where it names one. */
function roomOf([line]) {
  try {
    return JSON.parse(line).room ?? null;
  } catch {
    return null;
  }
}

function secret(person, line) {
  if (!line.includes(SECRET)) return line;
  person.secrets += 1;
  const number = person.secrets > 1 ? `-${person.secrets}` : "";
  return line.replaceAll(SECRET, `<hash-${person.name}${number}>`);
}

/** A line with placeholders for the times of the recording. */
function hide({ times }, line) {
  const [from, until] = [times[0] - SLACK, times.at(-1) + SLACK];
  const isOf = (time) => time >= from && time <= until;
  return line
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<date-time>")
    .replace(/\b\d{13}\b/g, (number) => (isOf(Number(number) / 1000) ? "<time-ms>" : number))
    .replace(/\b\d{10}\b/g, (number) => (isOf(Number(number)) ? "<time>" : number));
}

function framed({ name }, sign, lines) {
  const head = `${name} ${sign} `;
  return lines.map((line, i) => (i === 0 ? head : " ".repeat(head.length)) + line);
}

function written({ said, told }) {
  if (said.length === 0) return told.map((line) => `# ${line}`).join("\n");
  return ["", ...said, ...told].join("\n");
}
