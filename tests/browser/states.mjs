// What goes wrong, and what people seldom see: forms that come back, two who change the same thing, a session or a connection that
// ends, what is printed; and every page that the journeys do not come to.
import assert from "node:assert/strict";
import { test } from "node:test";

import { PASSWORD, Visitor, atTheConsole, code, kindOf, newcomer } from "./driver.mjs";

const BRIEFLY = { briefly: true };
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** Forms that are tried without JavaScript too: of each manner one. */
const PLAIN = ["supplier", "risk-accept", "incident-delete", "link", "decide", "review-move", "draft-question", "invite", "policy", "privacy-find"];

let invented;

/** The name of an organisation whose register is a sample, the same for all. */
function sample() {
  invented ??= atTheConsole("sample").trim();
  return invented;
}

/** Someone with this role and this name, signed in. */
async function comes(organisation, role, name, how = {}) {
  const visitor = await Visitor.arrives(how);
  await visitor.signsIn(newcomer(organisation, role, name));
  return visitor;
}

/** Enters a supplier; gives its page. */
async function enters(editor, name) {
  await editor.opens("/suppliers/new");
  await editor.fills("What you call it", name);
  await editor.presses("Save");
  await editor.sees("h1", name);
  return editor.where();
}

/** Puts a questionnaire to the supplier of this page; gives the assessment's page. */
async function asks(editor, supplier, questionnaire) {
  await editor.opens(supplier);
  await editor.presses("Send a questionnaire");
  await editor.chooses(questionnaire);
  await editor.presses("Start");
  return editor.where();
}

/** The first page to which this list leads that begins so. */
async function first(visitor, list, beginning) {
  await visitor.opens(list);
  const [way] = (await visitor.ways(beginning)).filter((href) => kindOf(href).endsWith("*"));
  assert.ok(way, `${list} leads to nothing under ${beginning}`);
  return way;
}

/** Types this, presses that, and reads what is wrong. */
async function errs(visitor, { name, at, unfold, types = {}, chooses, press, form = "main" }) {
  await visitor.opens(at);
  if (unfold) await visitor.page.locator("details:not([open]) > summary").filter({ hasText: unfold }).first().click();
  for (const [label, text] of Object.entries(types)) await visitor.fills(label, text);
  if (chooses) await visitor.chooses(chooses);
  await visitor.presses(press, visitor.page.locator(form));
  await visitor.isToldWhatIsWrong(types);
  await visitor.looksAt(`wrong-${name}`, BRIEFLY);
}

/** Every form of the register, or those of these names, filled in wrongly by an administrator of a sample register. */
async function errsEverywhere(name, how, only) {
  const ines = await comes(sample(), "admin", name, how);
  const supplier = await enters(ines, `Mistaken Supplies of ${name}`);
  const assessment = await asks(ines, supplier, /^Supplier security/);
  const subject = supplier.split("/").at(-1);
  const risk = await first(ines, "/risks?state=open", "/risks/");
  const [incident, evidence, submitted] = [await first(ines, "/incidents", "/incidents/"), await first(ines, "/evidence", "/evidence/"), await first(ines, "/assessments?state=submitted", "/assessments/")];
  await ines.opens("/questionnaires/drafts/new");
  await ines.picks("Which one?", "Supplier security");
  await ines.fills("What shall yours be called?", `Mistaken questions of ${name}`);
  await ines.presses("Begin", ines.page.locator("form:has(#base)"));
  const draft = ines.where();
  await ines.opens("/settings/keys/new");
  await ines.fills("What it is for", `Mistaken key of ${name}`);
  await ines.presses("Save");
  await ines.sees(".secret", /./);
  await ines.looksAt("key-shown-once", BRIEFLY);
  const key = await first(ines, "/settings/keys", "/settings/keys/");
  const person = await first(ines, "/settings/people", "/settings/people/");
  const kept = { "Anything else worth knowing": "We met at the fair.\nTwice." };
  for (const form of [
    { name: "supplier", at: "/suppliers/new", types: { "Where it is based": "Atlantis", ...kept }, press: "Save" },
    { name: "supplier-change", at: `${supplier}/change`, types: { "What you call it": "", "Its website": "nowhere", ...kept }, press: "Save" },
    { name: "product", at: `${supplier}/products/new`, types: { "Its version": "4.2", ...kept }, press: "Save" },
    { name: "risk", at: `/risks/new?subject_id=${subject}`, types: { "Who of you answers for it": "Somebody" }, press: "Save" },
    { name: "risk-accept", at: risk, unfold: "Accept it", types: { "The last day on which this holds": day(-3), "Why we can live with it": "It is small." }, press: "Accept the risk" },
    { name: "risk-close", at: risk, unfold: "Close it", press: "Close the risk" },
    { name: "incident", at: `/incidents/new?subject_id=${subject}`, types: { "What was learnt": "To ask sooner." }, press: "Save" },
    { name: "incident-delete", at: incident, unfold: "Delete this incident", types: {}, press: "Delete it" },
    { name: "evidence", at: `/evidence/new?subject_id=${subject}`, types: { "Where it can be seen": "in the cupboard", ...kept }, press: "Save" },
    { name: "security-check", at: `/security-checks/new?subject_id=${subject}`, types: { ...kept }, press: "Save" },
    { name: "exercise", at: `/exercises/new?subject_id=${subject}`, types: { "What will be done, as a whole": "Again in June." }, press: "Save" },
    { name: "evidence-delete", at: evidence, unfold: "Delete", types: {}, press: "Delete it" },
    { name: "supplier-delete", at: `${await enters(ines, `Nothing rests on ${name}`)}/end`, press: "Delete it" },
    { name: "assessment-evidence", at: `${assessment}/evidence`, types: { "What it says, in a few words": "Standards met" }, press: "Add it" },
    { name: "assessment-check", at: `${assessment}/check`, press: "Submit these answers" },
    { name: "assessment-delete", at: `${assessment}/delete`, types: { "To delete it, enter": "Another" }, press: "Delete the draft" },
    { name: "link", at: `${assessment}/links`, types: { "Their e-mail address": "dana", "What to tell them": "It is not long." }, press: "Make the link" },
    { name: "sheet", at: `${assessment}/sheet`, press: "Upload the answers" },
    { name: "decide", at: `${submitted}/review`, types: { "The last day it holds": day(-3) }, press: "Decide", form: "form[action*='/decide']" },
    { name: "give-back", at: `${submitted}/review`, press: "Return to supplier", form: "form[action*='/return']" },
    { name: "review-move", at: "/reviews", unfold: "Done, or move it", press: "Move it" },
    { name: "draft-new", at: "/questionnaires/drafts/new", types: { "What shall yours be called?": "Ours" }, press: "Begin", form: "form:has(#base)" },
    { name: "draft-question", at: `${draft}/questions/new`, types: { "Help beside it": "So that we know.", "Points of option 1": "lots" }, press: "Save" },
    { name: "draft-delete", at: draft, unfold: "Delete it for good", types: { "Type the draft's name": "Another" }, press: "Delete the draft" },
    { name: "import", at: "/import", press: "Look at the file" },
    { name: "compare", at: `/compare?subject=${subject}`, press: "Compare" },
    { name: "account", at: "/account", press: "Change the password" },
    { name: "second-factor", at: "/account/second-factor", press: "Set it up" },
    { name: "invite", at: "/settings/people/invite", types: { "Their e-mail address": "nobody", "Their name": "Nobody Yet" }, press: "Save" },
    { name: "person-remove", at: person, types: { "To go on, type": "Someone Else" }, press: "Remove them" },
    { name: "key", at: "/settings/keys/new", press: "Save" },
    { name: "key-rotate", at: key, types: { "For how many days both work": "99" }, press: "Make the new key" },
    { name: "key-revoke", at: key, types: { "To go on, type": "Another" }, press: "Revoke it" },
    { name: "policy", at: "/settings/policy/change", types: { "Strong from": "30" }, press: "See what this would do" },
    { name: "organisation", at: "/settings/organisation/change", types: { "What it is called": "" }, press: "Save" },
    { name: "sign-in-policy", at: "/settings/sign-in/change", types: { "Minutes without doing anything": "1" }, press: "Save" },
    { name: "provider", at: "/settings/sign-in/providers/new", types: { "What people call it": "Our accounts", "Its address (issuer)": "not here" }, press: "Save" },
    { name: "retention", at: "/settings/privacy/retention", types: { "Days that an archived supplier": "0" }, press: "Save" },
    { name: "bring-in-a-register", at: "/settings/backup", press: "Bring it in" },
    { name: "privacy-find", at: "/settings/privacy", press: "Find what is kept of them" },
    { name: "verify", at: "/settings/audit/verify", types: { "A checkpoint from earlier": "torn" }, press: "Verify" },
  ]) {
    if (only?.includes(form.name) ?? true) await errs(ines, form);
  }
  await ines.leaves();
}

test("forms that are filled in wrongly come back, keep what was typed and lead to what is wrong", async () => {
  await errsEverywhere("Ines", {});
});

test("the same without JavaScript, as to forms", async () => {
  await errsEverywhere("Ivo", { javascript: false, looks: false }, PLAIN);
});

test("whoever is not let in is told why, and what to do", async () => {
  const nell = await Visitor.arrives();
  await errs(nell, { name: "sign-in", at: "/sign-in", types: { "E-mail address": "nell@example.org" }, press: "Sign in" });
  await nell.fills("Password", "not this one at all");
  await nell.presses("Sign in");
  await nell.isToldWhatIsWrong({ "E-mail address": "nell@example.org" });
  await nell.looksAt("sign-in-refused", BRIEFLY);
  await nell.opens("/respond");
  await nell.looksAt("respond-enter", BRIEFLY);
  // A link is a secret, and does not come back.
  await nell.fills("Your link", "https://elsewhere.example/respond#abc");
  await nell.presses("Go on");
  await nell.isToldWhatIsWrong({ "Your link": "" });
  await nell.looksAt("wrong-respond-enter", BRIEFLY);
  await nell.opens("/invitations");
  await nell.looksAt("invitations", BRIEFLY);
  const viewer = await comes("Quiet Homes", "viewer", "Vera");
  await viewer.opens("/suppliers/sup_01a2171bc3b470219df4b31c8f3986c5", 404);
  await viewer.looksAt("not-found", BRIEFLY);
  await viewer.opens("/settings/people", 403);
  await viewer.looksAt("not-allowed", BRIEFLY);
  await viewer.opens("/");
  await viewer.looksAt("home-of-a-viewer", BRIEFLY);
  await nell.leaves();
  await viewer.leaves();
});

test("lists with nothing in them say what to do next", async () => {
  const ada = await comes("Empty Homes", "admin", "Ada");
  for (const path of ["/register", "/assessments", "/assessments/new", "/risks", "/risks/new", "/reviews", "/reviews?view=calendar", "/concentration", "/incidents", "/evidence", "/ourselves", "/decisions", "/compare", "/questionnaires/drafts", "/settings/keys", "/settings/privacy/apply"]) {
    await ada.opens(path);
    await ada.sees("main", /\b(no|nobody|none|nothing|empty|not|yet|first)\b/i);
    await ada.looksAt(`empty${path.replaceAll(/[/?=]/g, "-")}`, BRIEFLY);
  }
  await enters(ada, "Harbour Records");
  for (const path of ["/register?q=zeppelin", "/compare?q=zeppelin&step=find", "/risks/new?q=zeppelin", "/settings/audit?noun=zeppelin"]) {
    await ada.opens(path);
    await ada.sees("main", /nothing|no event/i);
    await ada.looksAt(`not-found${path.replaceAll(/[/?=&]/g, "-")}`, BRIEFLY);
  }
  await ada.leaves();
});

/** Two do this to the same thing; the second sees both versions, and saves theirs. */
async function differ([early, late], { name, at, label, texts: [his, hers], press = ["Save"], shows = ".theirs" }) {
  for (const visitor of [early, late]) await visitor.opens(at);
  for (const [visitor, text] of [[early, his], [late, hers]]) {
    await visitor.fills(label, text);
    for (const button of press) await visitor.presses(button);
  }
  await late.sees(".notice", "Someone else changed this meanwhile");
  await late.sees(shows, his);
  assert.equal(await late.labelled(label).inputValue(), hers);
  await late.looksAt(`stale-${name}`, BRIEFLY);
  for (const button of press) await late.presses(button);
  await late.misses("main", "Someone else changed this meanwhile");
  await late.sees("main", hers);
}

test("two who change the same thing see both versions and choose", async () => {
  const organisation = "Crowded Homes";
  const [olu, bea] = [await comes(organisation, "admin", "Olu", { looks: false }), await comes(organisation, "admin", "Bea")];
  const both = [olu, bea];
  const supplier = await enters(olu, "Rotawise");
  await differ(both, { name: "supplier", at: `${supplier}/change`, label: "Its registered name", texts: ["Rotawise Ltd", "Rotawise Limited"] });
  await differ(both, { name: "organisation", at: "/settings/organisation/change", label: "What it is called", texts: ["Crowded House", "Crowded Houses"] });
  await differ(both, { name: "policy", at: "/settings/policy/change", label: "Strong from", texts: ["81", "82"], press: ["See what this would do", "Save this policy"] });
  await differ(both, { name: "sign-in", at: "/settings/sign-in/change", label: "Minutes without doing anything", texts: ["61", "62"] });
  // A risk that was closed meanwhile is not accepted unseen.
  await olu.opens(`/risks/new?subject_id=${supplier.split("/").at(-1)}`);
  await olu.fills("in a line", "Rotas are lost");
  await olu.page.locator("#likelihood").selectOption({ index: 3 });
  await olu.page.locator("#impact").selectOption({ index: 3 });
  await olu.presses("Save");
  await olu.sees("h1", "Rotas are lost");
  const risk = olu.where();
  await bea.opens(risk);
  await olu.page.locator("summary").filter({ hasText: "Close it" }).click();
  await olu.fills("Why it is over", "They are printed now.");
  await olu.presses("Close the risk");
  await bea.page.locator("summary").filter({ hasText: "Accept it" }).click();
  await bea.fills("Why we can live with it", "It is rare.");
  await bea.fills("The last day on which this holds", day(30));
  await bea.presses("Accept the risk");
  await bea.sees(".notice", "Someone else changed this meanwhile");
  await bea.looksAt("stale-risk", BRIEFLY);
  // The answer to one question: autosave stops and says so, and both are shown.
  const assessment = await asks(olu, supplier, /^Supplier security/);
  const section = await first(olu, assessment, `${assessment}/sections/`);
  for (const visitor of both) await visitor.opens(section);
  const choice = (visitor, number) => visitor.page.locator("[data-question]:has(input[type=radio])").first().getByRole("radio").nth(number);
  await olu.chooses(choice(olu, 0));
  await olu.presses("Save and see all sections");
  await bea.chooses(choice(bea, 1));
  await bea.sees("[data-saving]", "someone else answered the same meanwhile");
  await bea.looksAt("stale-autosave", BRIEFLY);
  await bea.presses("Compare, and choose");
  await bea.sees(".theirs", "Saved by someone else:");
  assert.ok(await choice(bea, 1).isChecked());
  await bea.looksAt("stale-section", BRIEFLY);
  await bea.presses("Save what I typed");
  await bea.opens(section);
  assert.ok(await choice(bea, 1).isChecked());
  await olu.leaves();
  await bea.leaves();
});

/** Someone types into a long form while their session ends, signs in again, and goes on with what they typed. */
async function signsInAgain(name, how, ends) {
  const email = newcomer("Patient Homes", "editor", name);
  const visitor = await Visitor.arrives(how);
  await visitor.signsIn(email);
  await visitor.opens("/suppliers/new");
  await visitor.fills("What you call it", `Supplier of ${name}`);
  await visitor.fills("Anything else worth knowing", "They came on Tuesday.\nThey brought “everything”, & cake.");
  await visitor.chooses("Health");
  await ends(visitor);
  await visitor.presses("Save");
  await visitor.sees("h1", "Sign in");
  await visitor.sees(".notice", "What you typed is kept");
  await visitor.looksAt("session-ended", BRIEFLY);
  await visitor.fills("E-mail address", email);
  await visitor.fills("Password", "not the right one");
  await visitor.presses("Sign in");
  await visitor.isToldWhatIsWrong({ "E-mail address": email });
  await visitor.fills("Password", PASSWORD);
  await visitor.presses("Sign in");
  await visitor.sees("h1", "Send it again");
  await visitor.sees("dd", "They came on Tuesday.");
  await visitor.looksAt("session-ended-send-again", BRIEFLY);
  await visitor.presses("Send it now");
  await visitor.sees("h1", `Supplier of ${name}`);
  await visitor.sees("dd.lines", "They brought “everything”, & cake.");
  await visitor.sees("dd", "health");
  await visitor.leaves();
}

test("whoever was signed out in another tab signs in and carries on with what they typed", async () => {
  await signsInAgain("Mira", {}, async (mira) => {
    const other = await mira.context.newPage();
    await other.goto(mira.page.url());
    await other.locator("header").getByRole("button", { name: "Sign out" }).click();
    await other.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
    await other.close();
  });
});

test("whoever's session ran out carries on too, without JavaScript", async () => {
  await signsInAgain("Moss", { javascript: false, looks: false }, (moss) => moss.context.clearCookies());
});

/** This choice of the first question of the page that has some. */
const choiceOf = (visitor, number) => visitor.page.locator("[data-question]:has(input[type=radio])").first().getByRole("radio").nth(number);

test("answers that cannot be saved are kept in the page and saved once they can be", async () => {
  const organisation = "Remote Homes";
  const email = newcomer(organisation, "editor", "Gwen");
  const gwen = await Visitor.arrives();
  await gwen.signsIn(email);
  const assessment = await asks(gwen, await enters(gwen, "Rotawise"), /^Supplier security/);
  await gwen.opens(await first(gwen, assessment, `${assessment}/sections/`));
  // The network is gone, and comes back.
  await gwen.isCut("the network");
  await gwen.chooses(choiceOf(gwen, 0));
  await gwen.sees("[data-saving=wrong]", "Not saved: no connection. What you typed is kept here, and is tried again.");
  await gwen.isBack();
  await gwen.sees("[data-saving=saved]", /^Saved at \d\d:\d\d/);
  await gwen.page.reload();
  assert.ok(await choiceOf(gwen, 0).isChecked());
  // The server does not answer; whoever goes on does not lose anything, and it is tried again by itself.
  await gwen.isCut("the server");
  await gwen.chooses(choiceOf(gwen, 1));
  await gwen.sees("[data-saving=wrong]", "Not saved: no connection");
  await gwen.looksAt("autosave-failed", BRIEFLY);
  await gwen.page.getByRole("button", { name: "Save and see all sections" }).click();
  await gwen.sees("[data-saving=wrong]", "Not saved: no connection");
  await gwen.isBack();
  await gwen.sees("[data-saving=saved]", /^Saved at/);
  await gwen.page.reload();
  assert.ok(await choiceOf(gwen, 1).isChecked());
  // The session has ended: they come in again in another tab, and go on.
  await gwen.context.clearCookies();
  await gwen.chooses(choiceOf(gwen, 0));
  await gwen.sees("[data-saving=wrong]", "Not saved: your session has ended. What you typed is kept here.");
  await gwen.looksAt("autosave-signed-out", BRIEFLY);
  const [other] = await Promise.all([gwen.context.waitForEvent("page"), gwen.page.getByRole("link", { name: "Come in again in another tab" }).click()]);
  await other.getByLabel("E-mail address").fill(email);
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.locator("[data-question]").first().waitFor();
  await other.close();
  await gwen.sees("[data-saving=saved]", /^Saved at/);
  await gwen.page.reload();
  assert.ok(await choiceOf(gwen, 0).isChecked());
  await gwen.leaves();
});

test("a respondent is told what is wrong, loses nothing without a connection, and finds a link that has ended", async () => {
  const tom = await comes("Asking Homes", "editor", "Tom");
  const assessment = await asks(tom, await enters(tom, "Rotawise"), /^Supplier security/);
  await tom.presses("Send it to the supplier as a link");
  await tom.fills("Who answers", "Dana Whitlock");
  await tom.presses("Make the link");
  const link = await tom.page.locator("#url").inputValue();
  const dana = await Visitor.arrives({ width: 390 });
  await dana.opens(link);
  await dana.sees("h2", "Sections");
  await errs(dana, { name: "respond-check", at: "/respond/check", press: "Submit these answers" });
  await errs(dana, { name: "respond-evidence", at: "/respond/evidence", types: { "Its number or title": "4711" }, press: "Send the file" });
  const section = await first(dana, "/respond", "/respond/sections/");
  await dana.opens(section);
  await dana.isCut("the network");
  await dana.chooses(choiceOf(dana, 0));
  await dana.sees("[data-saving=wrong]", "Not saved: no connection. What you typed is kept here, and is tried again.");
  await dana.isBack();
  await dana.sees("[data-saving=saved]", /^Saved at/);
  await dana.isCut("the server");
  await dana.chooses(choiceOf(dana, 1));
  await dana.sees("[data-saving=wrong]", "Not saved: no connection");
  await dana.isBack();
  await dana.sees("[data-saving=saved]", /^Saved at/);
  await dana.page.reload();
  assert.ok(await choiceOf(dana, 1).isChecked());
  await dana.presses("Save and see all sections");
  // The visit is left, and the link ended.
  await dana.presses(/^(Leave|Close|End|Stop)/, dana.page.locator("header"));
  await dana.sees(".notice", "Your visit has ended");
  await dana.looksAt("respond-left", BRIEFLY);
  await tom.opens(`${assessment}/links`);
  await tom.page.locator("summary").filter({ hasText: "Send again, or end it" }).click();
  await tom.looksAt("link-to-end", BRIEFLY);
  await tom.presses("End this link now");
  await tom.sees("main", "Ended by hand");
  await dana.page.goto("about:blank");
  await dana.page.goto(link);
  await dana.sees("main", /ended|ask whoever sent/i);
  await dana.looksAt("respond-link-ended", BRIEFLY);
  await dana.leaves();
  await tom.leaves();
});

test("a number that is none comes back from a section", async () => {
  for (const how of [{}, { javascript: false, looks: false }]) {
    const rafi = await comes("Counting Homes", "editor", how.javascript === false ? "Rafi Plain" : "Rafi", how);
    const assessment = await asks(rafi, await enters(rafi, how.javascript === false ? "Carelog" : "Rotawise"), /^Supplier security/);
    await rafi.opens(assessment);
    const number = rafi.page.locator("main input.short[inputmode=decimal]").first();
    for (const section of await rafi.ways(`${assessment}/sections/`)) {
      await rafi.opens(section);
      if ((await number.count()) > 0) break;
    }
    await rafi.fills(number, "a few");
    if (rafi.javascript) {
      await rafi.sees("[data-saving=wrong]", "Not all is saved: see what is said beside the question.");
      await rafi.looksAt("autosave-wrong", BRIEFLY);
    }
    await rafi.presses("Save and go on");
    await rafi.isToldWhatIsWrong();
    assert.equal(await number.inputValue(), "a few");
    await rafi.looksAt("wrong-section", BRIEFLY);
    await rafi.leaves();
  }
});

test("a second factor is set up, asked for and taken away", async () => {
  const email = newcomer("Careful Homes", "admin", "Noor");
  const noor = await Visitor.arrives();
  await noor.signsIn(email);
  await noor.opens("/account/second-factor");
  await noor.looksAt("second-factor", BRIEFLY);
  await noor.fills("Your password", PASSWORD);
  await noor.presses("Set it up");
  await noor.looksAt("second-factor-scan", BRIEFLY);
  const secret = await noor.page.locator(".secret").innerText();
  await noor.fills(noor.page.locator("#code"), "000000");
  await noor.presses("Turn it on");
  await noor.isToldWhatIsWrong();
  await noor.looksAt("wrong-second-factor-code", BRIEFLY);
  await noor.fills(noor.page.locator("#code"), code(secret));
  await noor.presses("Turn it on");
  await noor.sees("h2", "Your second factor is on");
  await noor.looksAt("second-factor-on", BRIEFLY);
  const [recovery] = await noor.page.locator(".codes li").allInnerTexts();
  await noor.presses("Go on");
  await noor.opens("/account/second-factor");
  await noor.looksAt("second-factor-managed", BRIEFLY);
  await noor.presses("Sign out", noor.page.locator("header"));
  await noor.fills("E-mail address", email);
  await noor.fills("Password", PASSWORD);
  await noor.presses("Sign in");
  await noor.sees("h1", "Enter your code");
  await noor.looksAt("sign-in-code", BRIEFLY);
  await noor.fills(noor.page.locator("#code"), "000000");
  await noor.presses("Go on");
  await noor.isToldWhatIsWrong();
  await noor.looksAt("wrong-sign-in-code", BRIEFLY);
  await noor.fills(noor.page.locator("#code"), recovery);
  await noor.presses("Go on");
  await noor.sees("h1", "What needs you");
  await noor.leaves();
});

test("a later edition says what changed since the earlier one", async () => {
  const theo = await comes("Writing Homes", "admin", "Theo");
  const title = "What we ask of everyone";
  await theo.opens("/questionnaires/drafts/new");
  await theo.fills("What shall it be called?", title);
  await theo.presses("Begin", theo.page.locator("form:has(#new_title)"));
  const publishes = async () => {
    await theo.presses(/^Publish$/);
    await theo.fills(/^Type the questionnaire/, title);
    await theo.presses(/^Publish$/);
    await theo.sees("h1", title);
  };
  await publishes();
  await theo.opens("/questionnaires/drafts/new");
  await theo.presses("Begin", theo.page.locator("form:has(#copy)"));
  const text = theo.page.locator("#document");
  await theo.fills(text, (await text.inputValue()).replace(/^edition: .*$/m, "edition: '2099.1'"));
  await theo.presses("Save and check");
  await theo.sees(".notice", "The draft is saved.");
  await theo.looksAt("draft-saved", BRIEFLY);
  await theo.presses(/^Publish$/);
  await theo.looksAt("draft-publish-later", BRIEFLY);
  await theo.page.goBack();
  await publishes();
  await theo.opens(`${theo.where()}/changes`);
  await theo.looksAt("edition-changes", BRIEFLY);
  await theo.leaves();
});

test("whoever is invited without a name enters it themselves", async () => {
  const ada = await comes("Inviting Homes", "admin", "Ada");
  await ada.opens("/settings/people/invite");
  await ada.fills("Their e-mail address", "lee@example.org");
  await ada.presses("Save");
  await ada.sees("h1", "The invitation is ready");
  const link = await ada.page.locator("#secret").innerText();
  const lee = await Visitor.arrives();
  await lee.opens(link);
  await lee.sees("main", "lee@example.org");
  await lee.looksAt("invitation", BRIEFLY);
  await lee.presses("Join");
  await lee.isToldWhatIsWrong();
  await lee.looksAt("wrong-invitation", BRIEFLY);
  await lee.fills("Your name", "Lee Park");
  await lee.fills("Choose a password", PASSWORD);
  await lee.presses("Join");
  await lee.leaves();
  await ada.leaves();
});

test("a dossier, a comparison, a score and a review are printed", async () => {
  const petra = await comes(sample(), "approver", "Petra");
  const supplier = await first(petra, "/register?subject_type=supplier&sort=-rating", "/suppliers/");
  await petra.opens(supplier);
  await petra.prints("supplier");
  const assessed = await first(petra, "/assessments?state=approved", "/assessments/");
  await petra.opens(`${assessed}/score`);
  await petra.prints("score");
  await petra.opens(`${await first(petra, "/assessments?state=submitted", "/assessments/")}/review`);
  await petra.prints("review");
  await petra.opens("/compare");
  await petra.looksAt("compare-choose", BRIEFLY);
  const boxes = petra.page.locator("#chosen input");
  for (const number of [0, 1, 2, 3, 4, 5]) await petra.chooses(boxes.nth(number));
  await petra.presses("Compare", petra.page.locator("form[action='/compare'] p.buttons"));
  await petra.sees(".compare-table", /./);
  await petra.looksAt("compare", BRIEFLY);
  await petra.prints("compare", "across");
  await petra.leaves();
});

test("what an administrator seldom does is looked at: people, providers, privacy, the trail, what another policy would do", async () => {
  const una = await comes(sample(), "admin", "Una");
  await una.opens("/settings/people/invite");
  await una.fills("Their e-mail address", "kit@example.org");
  await una.fills("Their name", "Kit");
  await una.presses("Save");
  await una.sees("h1", "The invitation is ready");
  await una.looksAt("invitation-shown-once", BRIEFLY);
  await una.opens("/settings/people");
  await una.looksAt("people-with-invitation", BRIEFLY);
  await una.opens("/settings/sign-in/providers/new");
  await una.fills("What people call it", "Our accounts");
  await una.fills("Its address (issuer)", "https://login.example.org");
  await una.fills("client id", "diligence");
  await una.fills("The client secret", "not a secret at all");
  await una.presses("Save");
  await una.sees("h1", "Our accounts");
  await una.looksAt("provider", BRIEFLY);
  await errs(una, { name: "provider-delete", at: una.where(), types: { "To go on, type": "Theirs" }, press: "Delete it" });
  await una.opens("/settings/audit/verify");
  await una.presses("Verify");
  await una.sees(".notice", "The record is whole");
  await una.looksAt("verified", BRIEFLY);
  await una.opens("/settings/policy/change");
  await una.fills("Strong from", "95");
  await una.presses("See what this would do");
  await una.sees("h2", "What this would do");
  await una.looksAt("policy-what-if", BRIEFLY);
  await una.opens("/settings/privacy");
  await una.fills("Their whole name", "Kit");
  await una.fills("Their e-mail address", "kit@example.org");
  await una.presses("Find what is kept of them");
  await una.looksAt("privacy-found", BRIEFLY);
  await una.fills("Why", "They asked on 3 March.");
  await una.fills("To go on, type", "Someone else");
  await una.presses("Erase them");
  await una.isToldWhatIsWrong({ Why: "They asked on 3 March." });
  await una.looksAt("wrong-privacy-erase", BRIEFLY);
  // Each page to which the register leads, and at whose kind nobody has looked so far.
  await una.opens("/questionnaires/drafts/new");
  await una.picks("Which one?", "Supplier security");
  await una.fills("What shall yours be called?", "Security, and ours");
  await una.presses("Begin", una.page.locator("form:has(#base)"));
  await enters(una, "Nothing Rests On This");
  await una.looksAround("/");
  await una.leaves();
});
