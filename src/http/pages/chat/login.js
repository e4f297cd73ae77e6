import { byId } from "../shared/dom.js";

/** The fewest characters of a new password. */
const SHORTEST = 8;

/** The form by which one comes in. */
export function showLogin(session) {
  const form = byId("login-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { login, password } = Object.fromEntries(new FormData(form));
    const act = event.submitter?.value ?? "logIn";
    complain("");
    if (act === "signUp" && [...password].length < SHORTEST) {
      complain(`A new password has at least ${SHORTEST} characters.`);
      form.elements.password.focus();
      return;
    }
    setBusy(form, true);
    await session[act](login, password).catch((error) => complain(error.message));
    setBusy(form, false);
  });
}

/** Shows the form, or the chat in its place. */
export function setIn(isIn) {
  byId("welcome").hidden = isIn;
  byId("chat").hidden = !isIn;
  if (isIn) byId("login-form").reset();
  else byId("login-form").elements.login.focus();
}

/** Says why one is not in. */
export function complain(words) {
  byId("login-error").textContent = words;
}

function setBusy(form, isBusy) {
  for (const control of form.querySelectorAll("button")) control.disabled = isBusy;
}
