import { byId } from "../shared/dom.js";
import { say } from "../shared/toast.js";
import { summary } from "./text.js";
import { signed } from "./roomlist.js";

const WANTED = "tolmach.notify";

const isOn = () => localStorage.getItem(WANTED) === "yes" && Notification.permission === "granted";

/** The button that turns notifications on and off; the browser is asked for them by nothing else. */
export function offerNotifications() {
  const control = byId("notify");
  control.hidden = !("Notification" in window);
  control.addEventListener("click", async () => {
    const wanted = !isOn() && (await Notification.requestPermission()) === "granted" && canTell();
    if (!wanted && Notification.permission === "denied")
      say("This browser keeps notifications of this page back.", { bad: true });
    localStorage.setItem(WANTED, wanted ? "yes" : "no");
    show(control);
  });
  if (!control.hidden) show(control);
}

/** Whether a page may tell of something itself: on some telephones only what runs behind pages may. */
function canTell() {
  try {
    new Notification("tolmach", { body: "You are told here of what is said while you look elsewhere.", tag: "tolmach" });
    return true;
  } catch {
    say("This browser shows no notifications of a page.", { bad: true });
    return false;
  }
}

function show(control) {
  control.setAttribute("aria-pressed", isOn());
  control.title = isOn() ? "Notifications are on" : "Be notified of messages while you look elsewhere";
}

/** Tells of a message where that is wanted; a click on it opens the room. */
export function notify(room, message, login, open) {
  if (!("Notification" in window) || !isOn()) return;
  const notification = new Notification(signed(room), { body: summary(message, login), tag: `tolmach-${room.id}` });
  notification.addEventListener("click", () => {
    focus();
    notification.close();
    open(room);
  });
}
