const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The time of day: `14:03`. */
export const clock = (date) => CLOCK.format(date);
/** The time of day: `14:03:59`. */
export const seconds = (date) => SECONDS.format(date);
/** The day in words. */
export const day = (date) => DAY.format(date);
/** Day and time. */
export const whole = (date) => WHOLE.format(date);
