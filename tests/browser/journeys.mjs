// Journeys through the pages, each gone from beginning to end as one person or two go it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PASSWORD, Visitor, atTheConsole, lines, newcomer, providerStarts, start, stop } from "./driver.mjs";

before(start);
after(stop);

const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** What home says: of whom it speaks, and its pictures. */
async function home(visitor) {
  await visitor.opens("/");
  const [due, picture] = await Promise.all([".due li", "table.heat"].map((place) => visitor.page.locator(place).allInnerTexts()));
  return { due: due.map((item) => item.replace(/\s+/g, " ")).join("\n"), heat: picture.join("\n") };
}

test("the first person names the organisation, looks around, and refuses the most worrying AI product", async () => {
  const sam = await Visitor.arrives();
  await sam.opens(process.env.DILIGENCE_FIRST_LINK);
  await sam.sees("h1", /./);
  await sam.looksAt("first-run");
  // Nothing is typed: each field says what is missing, and so does the top of the page.
  await sam.presses("Make the account");
  await sam.sees(".summary", "There is a problem");
  await sam.looksAt("first-run-wrong");
  await sam.fills("Your organisation", "Harbour View Homes");
  await sam.fills("Your name", "Sam Okafor");
  await sam.fills("Your e-mail address", "sam@harbour-view.example");
  await sam.fills("Choose a password", PASSWORD);
  await sam.presses("Make the account");
  await sam.fills("E-mail address", "sam@harbour-view.example");
  await sam.fills("Password", PASSWORD);
  await sam.presses("Sign in");
  await sam.sees(".lead", "The register is empty");
  await sam.looksAt("home-empty");
  await sam.presses("Look around in a sample register");
  await sam.sees(".invented", "Everything in this register is invented");
  await sam.sees("h2", "Answers to review");
  await sam.looksAt("home");
  const before = await home(sam);
  assert.match(before.due, /Quillnote Scribe.* wait for a reviewer/);
  // What is most worrying: the register, worst first.
  await sam.opens("/register?ai_features=core&sort=-rating");
  await sam.looksAt("register");
  await sam.presses("Quillnote Scribe");
  await sam.sees("h1", "Quillnote Scribe");
  await sam.looksAt("product");
  // Why: the answers that cap the rating.
  await sam.presses(/Ethical AI in care/);
  await sam.looksAt("assessment-submitted");
  await sam.presses("Review and decide");
  await sam.sees("main", "Knock-out");
  await sam.looksAt("review");
  await sam.chooses(/^Refuse/);
  await sam.fills(sam.page.locator("#comment"), "It would be a medical device, and is none; it learns from what people say at home.");
  await sam.presses("Decide", sam.page.locator("form[action$='decide']"));
  await sam.sees("main", "Refused");
  await sam.looksAt("decided");
  const refused = await home(sam);
  // Its answers wait for nobody any more; and as it was only being thought about, there is nothing to stop.
  assert.doesNotMatch(refused.due, /Quillnote Scribe.* (wait for a reviewer|it was refused and is in use)/);
  // Its worst risk is lived with for a time, another is made less likely: home speaks of the one and moves the other in its picture.
  await sam.opens("/risks?state=open&sort=-current");
  await sam.presses(sam.page.locator("tbody th a").first());
  const accepted = await sam.page.locator("h1").innerText();
  await sam.looksAt("risk");
  await sam.page.locator("#accept > summary").click();
  await sam.fills("Why we can live with it", "It is switched off at night, and two people watch it by day.");
  await sam.fills("The last day on which this holds", day(20));
  await sam.presses("Accept the risk");
  await sam.sees(".over", "Risk, accepted until");
  await sam.looksAt("risk-accepted");
  const lived = await home(sam);
  const until = `the agreement to live with it ends: ${accepted}`;
  assert.ok(!refused.due.includes(until) && lived.due.includes(until), lived.due);
  await sam.looksAt("home-after");
  await sam.opens("/risks?state=open&sort=-current");
  await sam.presses(sam.page.locator("tbody th a").first());
  await sam.presses("Change details");
  await sam.picks("What do you do?", "Reduce: make it less likely or less bad");
  await sam.page.locator("#residual_likelihood").selectOption({ index: 1 });
  await sam.page.locator("#residual_impact").selectOption({ index: 1 });
  await sam.presses("Save");
  await sam.sees("dd", "Reduce");
  const reduced = await home(sam);
  assert.notEqual(reduced.heat, lived.heat);
  for (const [name, path] of [["risks", "/risks"], ["reviews", "/reviews"], ["concentration", "/concentration"], ["assessments", "/assessments"], ["questionnaires", "/questionnaires"], ["evidence", "/evidence"], ["incidents", "/incidents"], ["decisions", "/decisions"], ["settings", "/settings"], ["account", "/account"], ["import", "/import"], ["imports", "/imports"]]) {
    await sam.opens(path);
    await sam.looksAt(name);
  }
  await sam.leaves();
});

/** From an empty register to an approved supplier: the list, the questions in two sittings, and a second person who decides. */
async function fromListToDecision(organisation, how) {
  const [tom, priya] = [newcomer(organisation, "editor", "Tom"), newcomer(organisation, "approver", "Priya")];
  const editor = await Visitor.arrives(how);
  await editor.signsIn(tom);
  await editor.presses("Import suppliers");
  const list = (email) => `Kept by Tom,,,\nSupplier Name,Sensitivity,Criticality,Email\nHarbour Records,High,Critical,sam@example.org\nWillow Supplies,No,Low,${email}\n`;
  const upToItsRows = async (email) => {
    await editor.chooses(/^Suppliers/);
    await editor.gives("The file", "suppliers.csv", "text/csv", list(email));
    await editor.presses("Look at the file");
    await editor.sees("h1", "What the file is");
    await editor.looksAt("import-file");
    await editor.presses("It is right: go on");
    await editor.sees("h1", "What its columns are");
    await editor.looksAt("import-columns");
    await editor.presses("Go on");
    await editor.sees("h1", "What its words mean");
    await editor.looksAt("import-words");
    await editor.picks("High means", "Health, care and other special-category data");
    await editor.presses("Go on");
    await editor.sees("h1", "Check the rows");
  };
  await upToItsRows("nowhere at all");
  await editor.sees("main", "1 refused");
  await editor.looksAt("import-refused");
  const failures = await editor.takes("as CSV");
  assert.match(failures, /Willow Supplies/);
  await editor.presses("Throw this file away");
  await editor.presses("Import a list");
  await upToItsRows("kim@example.org");
  await editor.sees("main", "2 new");
  await editor.looksAt("import-checked");
  await editor.presses("Bring in 2 rows");
  await editor.sees("[role=status]", "2 new");
  await editor.looksAt("import-made");
  await editor.presses("Undo the whole import");
  await editor.looksAt("import-undo");
  await editor.presses("Leave it as it is");
  await editor.presses("See the register");
  await editor.presses("Harbour Records");
  await editor.presses("Send a questionnaire");
  await editor.looksAt("assessment-new");
  await editor.chooses(/^Supplier security/);
  await editor.presses("Start");
  await editor.looksAt("assessment");
  // The first sitting ends in the midst of it.
  await editor.presses(editor.page.locator(".tasks a").first());
  await editor.answersSection();
  await editor.looksAt("section");
  await editor.presses("Save and see all sections");
  const place = new URL(editor.page.url()).pathname;
  await editor.presses("Sign out", editor.page.locator("header"));
  await editor.signsIn(tom);
  await editor.opens(place);
  // What was answered then is still answered, and not all of it is.
  assert.ok(await editor.page.locator(".tasks .is-done").count() > 0);
  assert.ok(await editor.page.locator(".tasks li:not(:has(.is-done))").count() > 0);
  for (let page = 0; page < 40; page += 1) {
    const next = editor.page.locator(".tasks li:not(:has(.is-done)) a").first();
    if (new URL(editor.page.url()).pathname.endsWith("/check")) break;
    if (await editor.page.locator("[data-question]").count() > 0) {
      await editor.answersSection();
      await editor.presses("Save and go on");
    } else if (await next.count() > 0) {
      await editor.presses(next);
    } else {
      await editor.presses("Check the answers and submit");
    }
  }
  await editor.looksAt("check");
  await editor.presses("Submit these answers");
  await editor.sees("main", "To be reviewed");
  // Someone else looks at them, and gives them back once.
  const approver = await Visitor.arrives(how);
  await approver.signsIn(priya);
  await approver.presses("Harbour Records", approver.page.locator("main section").filter({ hasText: "Answers to review" }));
  await approver.fills("What needs to change", "Say when the last exercise was.");
  await approver.presses("Return to supplier", approver.page.locator("form[action*='/return']"));
  await approver.sees("main", "Returned");
  await editor.opens(place);
  await editor.sees("main", "Say when the last exercise was.");
  await editor.presses("Check the answers and submit");
  await editor.presses("Submit these answers");
  await approver.opens(`${place}/review`);
  const points = approver.page.locator("main input[name^='points.']:visible");
  const texts = await points.count();
  assert.ok(texts > 0, "no text waits to be rated");
  for (let index = 0; index < texts; index += 1) await approver.fills(points.nth(index), "70");
  await approver.presses(/^Save the points/);
  assert.equal(await approver.page.locator("dd").filter({ hasText: "Rated with 70 points" }).count(), texts);
  await approver.looksAt("review-rated");
  await approver.chooses(/^Approve with conditions/);
  await approver.fills(approver.page.locator("#text-1"), "Send the certificate once it is renewed");
  await approver.fills(approver.page.locator("#owner-1"), "Harbour");
  await approver.fills(approver.page.locator("#due_on-1"), day(60));
  await approver.presses("Decide", approver.page.locator("form[action*='/decide']"));
  await approver.sees("main", "Approved with conditions");
  await approver.opens(`${place}/score`);
  await approver.looksAt("score");
  // The register says so, and so does the file.
  await editor.opens("/register");
  await editor.sees("tr", "Harbour Records");
  const row = editor.page.locator("tr").filter({ hasText: "Harbour Records" }).first();
  const cell = async (name) => (await row.locator(`[data-label="${name}"]`).innerText()).replace(/\s+/g, " ");
  const shown = await Promise.all(["Tier", "Rating", "Security", "Decision", "Next review"].map(cell));
  await editor.looksAt("register-approved");
  const [line, ...others] = lines(await editor.takes(/CSV/)).filter((one) => one.name === "Harbour Records");
  assert.equal(others.length, 0);
  const spoken = new Date(line.next_review_on).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const said = [line.tier, line.rating, line["security.evidenced"], "Approved with conditions", spoken];
  assert.equal(line.decision, "approved_with_conditions");
  said.forEach((word, index) => assert.ok(shown[index].toLowerCase().startsWith(word.toLowerCase()), `${shown[index]} in the page, ${word} in the file`));
  if (line["security.claimed"] !== line["security.evidenced"]) assert.ok(shown[2].includes(`${line["security.claimed"]} claimed`), `${shown[2]}: ${line["security.claimed"]}`);
  await editor.leaves();
  await approver.leaves();
}

test("a list becomes a register, and a supplier is asked, reviewed and approved", async () => {
  await fromListToDecision("Pointer Homes", {});
});

test("the same by keyboard alone", async () => {
  await fromListToDecision("Keyboard Homes", { keyboard: true, looks: false });
});

test("the same without JavaScript", async () => {
  await fromListToDecision("Plain Homes", { javascript: false, looks: false });
});

test("a supplier answers on a phone through a link, and what it claims and what it shows differ", async () => {
  const organisation = "Linked Homes";
  const [tom, priya] = [newcomer(organisation, "editor", "Tom"), newcomer(organisation, "approver", "Priya")];
  const editor = await Visitor.arrives();
  await editor.signsIn(tom);
  await editor.presses("Enter a supplier");
  await editor.fills("What you call it", "Rotawise");
  await editor.looksAt("supplier-new");
  await editor.presses(editor.page.locator("main form button").last());
  await editor.sees("h1", "Rotawise");
  await editor.presses("Send a questionnaire");
  await editor.chooses(/^NHS supplier cyber charter/i);
  await editor.presses("Start");
  const place = new URL(editor.page.url()).pathname;
  await editor.presses("Send it to the supplier as a link");
  await editor.fills("Who answers", "Dana Whitlock");
  await editor.fills(/^Their e-mail address/, "dana@rotawise.example");
  await editor.looksAt("links");
  await editor.presses("Make the link");
  await editor.looksAt("link-made");
  const link = await editor.page.locator("#url").inputValue();
  const dana = await Visitor.arrives({ width: 390 });
  await dana.opens(link);
  await dana.sees("h1", /./);
  await dana.looksAt("respond");
  // The certificate first, to tick it where it shows something.
  await dana.opens("/respond/evidence");
  await dana.gives("File", "certificate.txt", "text/plain", "Cyber Essentials certificate 4711, valid for a year.");
  await dana.fills(/^Valid until/, day(300));
  await dana.looksAt("respond-evidence");
  await dana.presses("Send the file");
  await dana.sees(".files", "certificate.txt");
  await dana.presses("All sections");
  let [ticked, sections] = [0, 0];
  for (let page = 0; page < 30; page += 1) {
    const address = new URL(dana.page.url()).pathname;
    if (address.endsWith("/check")) break;
    if (await dana.page.locator("[data-question]").count() > 0) {
      await dana.answersSection();
      const papers = dana.page.locator("fieldset.evidence").getByLabel(/certificate/);
      if (ticked === 0 && (await papers.count()) > 0) {
        await dana.chooses(papers.first());
        ticked += 1;
      }
      if (sections === 0) await dana.looksAt("respond-section");
      sections += 1;
      await dana.presses("Save and go on");
    } else {
      const next = dana.page.locator(".tasks li:not(:has(.is-done)) a[href*='sections']").first();
      await dana.presses(await next.count() > 0 ? next : dana.page.locator("a[href$='/respond/check']").first());
    }
  }
  assert.equal(ticked, 1);
  await dana.sees("main", "certificate.txt");
  await dana.looksAt("respond-check");
  await dana.presses("Submit these answers");
  await dana.sees("h1", /./);
  await dana.looksAt("respond-receipt");
  const approver = await Visitor.arrives();
  await approver.signsIn(priya);
  await approver.opens(`${place}/review`);
  const [, claimed, evidenced] = (await approver.page.locator(".lead").innerText()).match(/^Claimed ([\d.]+) out of 100; supported by evidence ([\d.]+)\.$/);
  assert.ok(0 < Number(evidenced) && Number(evidenced) < Number(claimed), `${claimed} claimed, ${evidenced} shown`);
  await approver.sees(".is-late", /evidence/i);
  await approver.looksAt("review-claimed-and-shown");
  // What was sent counts once someone accepts it.
  await approver.presses(approver.page.locator("form[action$='/accept'] button").first());
  await approver.sees(".notice", "It is accepted");
  await approver.fills("What needs to change", "Which certificate shows the toolkit's standards are met?");
  await approver.presses("Return to supplier", approver.page.locator("form[action*='/return']"));
  await approver.sees("main", "Returned");
  // Dana reads it where the questions are.
  await dana.opens("/respond");
  await dana.sees(".notice", "Which certificate shows the toolkit's standards are met?");
  await dana.looksAt("respond-given-back");
  await dana.leaves();
  await approver.leaves();
  await editor.leaves();
});

test("questions are added to a built-in questionnaire, and what is decided stays as it was", async () => {
  const organisation = atTheConsole("sample").trim();
  const author = await Visitor.arrives();
  await author.signsIn(newcomer(organisation, "admin", "Noor"));
  const register = async () => {
    await author.opens("/register");
    return author.page.locator("main table").first().innerText();
  };
  const earlier = await register();
  await author.opens("/questionnaires");
  await author.presses("Supplier security");
  await author.looksAt("questionnaire");
  await author.opens("/questionnaires/drafts/new");
  await author.looksAt("draft-new");
  await author.picks("Which one?", "Supplier security");
  await author.fills("What shall yours be called?", "Supplier security at Meadow View");
  await author.presses("Begin", author.page.locator("form:has(#base)"));
  await author.looksAt("draft");
  await author.presses(/^Add a question/);
  await author.fills(/^The question/, "Do you tell us before you change where our data is kept?");
  await author.chooses(/^Yes or no/);
  await author.fills("Option 1", "Yes");
  await author.fills("Points of option 1", "100");
  await author.fills("Option 2", "No");
  await author.fills("Points of option 2", "0");
  await author.looksAt("draft-question");
  await author.presses("Save");
  await author.presses("What would publishing do?");
  await author.sees("main", /assessment|nobody|nothing/i);
  await author.looksAt("what-if");
  await author.page.goBack();
  await author.presses(/^Publish$/);
  await author.looksAt("draft-publish");
  await author.fills(/^Type the questionnaire/, "Supplier security at Meadow View");
  await author.presses(/^Publish$/);
  await author.sees("h1", "Supplier security at Meadow View");
  assert.equal(await register(), earlier);
  await author.leaves();
});

/** At the provider's own page: signs in as `account`, of whose address the provider says nothing. */
async function signsInThere(visitor, account) {
  await visitor.sees("h1", "Sign in to your account");
  await visitor.fills("Account", account);
  await visitor.picks("Is the address verified?", "Not said");
  await visitor.presses("Continue");
}

test("an identity provider is tried before anybody depends on it, and a person tied to what it calls them", async (journey) => {
  const provider = await providerStarts();
  journey.after(provider.stops);
  const organisation = "Provided Homes";
  const [account] = newcomer(organisation, "editor", "Kim").split("@");
  const admin = await Visitor.arrives();
  admin.alsoGoesTo = provider.issuer;
  await admin.signsIn(newcomer(organisation, "admin", "Noor"));
  await admin.opens("/settings/sign-in/providers/new");
  await admin.fills("What people call it", "Our accounts");
  await admin.fills("Its address (issuer)", provider.issuer);
  await admin.fills("client id", "diligence");
  await admin.fills("The client secret", "the secret of the tests");
  await admin.fills("Domains of e-mail addresses by which", "example.org");
  await admin.presses("Save");
  await admin.sees("h1", "What Our accounts says of itself");
  await admin.looksAt("provider-asked");
  await admin.presses("Go on to the provider");
  const place = admin.where();
  await admin.presses("Try this provider");
  await admin.sees("h1", "Trying Our accounts");
  await admin.looksAt("trial-begun");
  await admin.presses("Sign in at the provider");
  await signsInThere(admin, account);
  // Back here, signed in as before; the provider does not say whether the address is Kim's.
  await admin.sees(".notice", "Nobody would be let in so");
  await admin.sees("dd", "It does not say");
  await admin.looksAt("trial");
  await admin.presses("Tie Kim to it");
  await admin.sees(".notice", "They are tied");
  await admin.looksAt("person-tied");
  await admin.presses("Tie them to it");
  await admin.isToldWhatIsWrong();
  await admin.looksAt("wrong-person-tied");
  const kim = await Visitor.arrives();
  kim.alsoGoesTo = provider.issuer;
  await kim.opens(`/sign-in/${place.split("/").at(-1)}`);
  await signsInThere(kim, account);
  await kim.sees("h1", "What needs you");
  await kim.leaves();
  await admin.leaves();
});

// What people seldom do, and what goes wrong: after the journeys, the first of which needs a register of nobody's.
await import("./states.mjs");
