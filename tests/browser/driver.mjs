// Someone in front of a browser: Chromium, driven as people drive it, with a pointer or by keyboard alone. They notice what a
// person may not: what axe finds, what the console says, what comes from elsewhere, what does not fit, where no focus shows.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

/** Where the register is served, without a path. */
export const ADDRESS = process.env.DILIGENCE_ADDRESS;
/** Questions to which the first choice is not the one to want. */
const SECOND = ["other_uses", "remote_without_mfa"];
/** A password that is not guessed soon. */
export const PASSWORD = "plum chair river nine";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** At which sizes and in which schemes a page is looked at; `briefly`, in the two that differ most. */
const SIZES = [
  { name: "wide", width: 1200, colorScheme: "light" },
  { name: "phone", width: 320, colorScheme: "light" },
  { name: "wide-dark", width: 1200, colorScheme: "dark" },
  { name: "phone-dark", width: 320, colorScheme: "dark" },
];
const BRIEFLY = SIZES.filter((size) => ["wide", "phone-dark"].includes(size.name));
/** What A4 leaves beside the margins, in pixels: upright and across. */
const PAPER = { upright: 680, across: 1009 };

let browser;
/** The kinds of pages that someone has looked at closely: their paths, without what names one thing of many. */
const looked = new Set();

/** The kind of a page: its path, where `*` stands for what names one thing of many. */
export function kindOf(address) {
  const parts = new URL(address, ADDRESS).pathname.split("/");
  const isName = (part, before) => /^[a-z]+_\w{10,}$/.test(part) || ["sections", "editions", "operations", "shapes"].includes(before) || (before === "questions" && part !== "new") || (before === "questionnaires" && part !== "drafts");
  return parts.map((part, index) => (isName(part, parts[index - 1]) ? "*" : part)).join("/");
}

/** The six digits that an authenticator app shows now for this secret. */
export function code(secret) {
  const bits = [...secret.replaceAll(/[\s=]/g, "").toUpperCase()].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  return String((digest.readUInt32BE(digest.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** What a file of comma-separated values holds: a line each, by the names of its columns. */
export function lines(csv) {
  const rows = [...csv.replace(/^\uFEFF/, "").matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)].map(([, row]) =>
    [...row.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^",]*)/g)].map(([, cell]) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
  );
  return rows.slice(1).map((row) => Object.fromEntries(row.map((cell, index) => [rows[0][index], cell])));
}

/** Starts Chromium. */
export async function start() {
  const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  // Its sandbox wants another user than the root of a container.
  const args = process.getuid() === 0 ? ["--no-sandbox", ...quiet] : quiet;
  browser = await chromium.launch({ executablePath: process.env.DILIGENCE_CHROMIUM, args });
}

/** Stops it. */
export async function stop() {
  await browser?.close();
}

/** What the program prints, run on the same database by whoever is at the console. */
export function atTheConsole(...words) {
  return execFileSync(process.env.DILIGENCE_PROGRAM, [...words, "--database-url", process.env.DILIGENCE_DATABASE_URL], { encoding: "utf8", input: PASSWORD });
}

/** An identity provider of its own, as a process; gives its address, and how to stop it. */
export async function providerStarts() {
  const child = spawn(process.execPath, [process.env.DILIGENCE_TEST_PROVIDER], { stdio: ["pipe", "pipe", "inherit"] });
  const [issuer] = await once(createInterface(child.stdout), "line");
  return { issuer, stops: () => child.kill() };
}

/** Someone new in an organisation, who has chosen a password; gives the address they sign in with. */
export function newcomer(organisation, role, name) {
  const email = `${name}.${organisation}`.toLowerCase().replaceAll(/[^a-z0-9.]/g, "").concat("@example.org");
  atTheConsole("user", "create", "--create-organisation", "--organisation", organisation, "--email", email, "--role", role, "--name", name, "--password-stdin");
  return email;
}

/** Someone in front of a browser of their own. `alsoGoesTo` is the beginning of the addresses elsewhere to which they go. */
export class Visitor {
  /** With JavaScript or without, with a pointer or without; `looks: false` for one who does not look closely at pages. */
  static async arrives({ javascript = true, keyboard = false, width = 1200, looks = true } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: javascript, acceptDownloads: true });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const visitor = Object.assign(new Visitor(), { context, page, width, javascript, keyboard, looks: looks && process.env.DILIGENCE_PICTURES, wrong: [] });
    page.on("pageerror", (error) => visitor.wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
      // A form that comes back because something in it is wrong is an answer of 4xx, which browsers note here.
      const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text());
      const isCutOff = visitor.isCutOff && /^Failed to load resource: net::ERR_/.test(message.text());
      if (["error", "warning"].includes(message.type()) && !isRefusal && !isCutOff) visitor.wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const isKnown = [ADDRESS, visitor.alsoGoesTo].some((place) => place && request.url().startsWith(place));
      if (/^(http|ws)/.test(request.url()) && !isKnown) visitor.wrong.push(`elsewhere: ${request.url()}`);
    });
    return visitor;
  }

  /** Closes the browser. Nothing was wrong. */
  async leaves() {
    await this.context.close();
    assert.deepEqual(this.wrong, []);
  }

  /** Opens a page of the register by its address; `status` where it is not given. */
  async opens(address, status = 200) {
    const answer = await this.page.goto(new URL(address, ADDRESS).href);
    assert.ok(answer === null || answer.status() === status, `${address}: ${answer?.status()}`);
  }

  /** Where one is: the path of the page. */
  where() {
    return new URL(this.page.url()).pathname;
  }

  /** The addresses of the register to which the page leads, that begin so. */
  async ways(beginning, within = "main") {
    const all = await this.page.locator(`${within} a[href^="${beginning}"]:not([download])`).evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    return all.filter((href) => !/^\/(api|respond\/v1|schemas|assets)\/|^\/import\/example/.test(href));
  }

  /** The connection is gone: altogether, or the server does not answer to what is sent. */
  async isCut(from) {
    this.isCutOff = true;
    if (from === "the network") return this.context.setOffline(true);
    await this.page.route("**", (route) => (route.request().method() === "POST" ? route.abort("connectionrefused") : route.fallback()));
  }

  /** It is there again. */
  async isBack() {
    await this.context.setOffline(false);
    await this.page.unrouteAll({ behavior: "wait" });
    this.isCutOff = false;
  }

  /** Signs in, and is at home. */
  async signsIn(email) {
    await this.opens("/sign-in");
    await this.fills("E-mail address", email);
    await this.fills("Password", PASSWORD);
    await this.presses("Sign in");
    await this.sees("h1", "What needs you");
  }

  /** What is labelled so, or itself. */
  labelled(what) {
    return typeof what === "string" || what instanceof RegExp ? this.page.locator("main").getByLabel(what).first() : what;
  }

  /** Types into a field, found by its label or itself. */
  async fills(field, text) {
    const place = this.labelled(field);
    if (!this.keyboard) return place.fill(text);
    await this.reaches(place);
    if ((await place.getAttribute("type")) === "date") return place.fill(text); // how a date is typed depends on the machine's language
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  /** Presses a button or follows a link, found by its words or itself, and is on the page where that leads. */
  async presses(what, within = this.page.locator("main")) {
    const [place, page] = [this.pressable(what, within), this.page];
    if (this.keyboard) await this.reaches(place);
    await Promise.all([page.waitForNavigation({ waitUntil: "load" }), this.keyboard ? page.keyboard.press("Enter") : place.click()]);
  }

  /** A button or a link, by its words or itself. */
  pressable(what, within) {
    const named = (role) => within.getByRole(role, { name: what });
    return typeof what === "string" || what instanceof RegExp ? named("button").or(named("link")).first() : what;
  }

  /** Chooses a radio button or a checkbox. */
  async chooses(choice) {
    const place = this.labelled(choice);
    if (await place.isChecked()) return;
    if (!this.keyboard) return place.check();
    await this.reaches(place);
    await this.page.keyboard.press("Space");
  }

  /** Chooses from a list that folds out. */
  async picks(label, choice) {
    await this.labelled(label).selectOption({ label: choice });
  }

  /** Gives a file. */
  async gives(label, name, mimeType, text) {
    await this.labelled(label).setInputFiles({ name, mimeType, buffer: Buffer.from(text) });
  }

  /** What a link or a button downloads. */
  async takes(what, within = this.page.locator("main")) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.pressable(what, within).click()]);
    return readFileSync(await download.path(), "utf8");
  }

  /** That the page says this there. */
  async sees(selector, text) {
    await this.page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  /** That it does not. */
  async misses(selector, text) {
    assert.equal(await this.page.locator(selector).filter({ hasText: text }).count(), 0, `${selector} says ${text}`);
  }

  /** Answers every question of the section that is shown and has no answer yet: the best choice, or these words. */
  async answersSection(words = "We do this every quarter, and write down what we learn.") {
    for (const key of await this.page.locator("[data-question]").evaluateAll((all) => all.map((question) => question.dataset.question))) {
      const question = this.page.locator(`[data-question="${key}"]`);
      const values = question.locator(`[name="${key}.value"]`);
      const kind = await values.first().evaluate((field) => (field.type ?? "none")).catch(() => "none");
      if (kind === "none") continue;
      if (kind === "radio" || kind === "checkbox") {
        if (!(await values.evaluateAll((all) => all.some((field) => field.checked)))) await this.chooses(values.nth(SECOND.includes(key) ? 1 : 0));
      } else if (!(await values.first().inputValue())) {
        const text = kind === "date" ? new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10) : kind === "textarea" ? words : "10";
        await this.fills(values.first(), text);
      }
    }
  }

  /** That the form came back: what is wrong is said first and has the focus, leads to each field, where it is said again, and they hold this. */
  async isToldWhatIsWrong(holds = {}) {
    await this.sees(".summary h2", "There is a problem");
    const summary = this.page.locator(".summary");
    const { hasFocus, isInSight } = await summary.evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return { hasFocus: element === document.activeElement, isInSight: bottom > 0 && top < innerHeight };
    });
    if (this.javascript && !hasFocus) this.wrong.push(`${this.page.url()}: what is wrong has no focus`);
    if (!isInSight) this.wrong.push(`${this.page.url()}: what is wrong is out of sight`);
    for (const link of await summary.getByRole("link").all()) {
      await link.click();
      const field = await link.evaluate((element) => {
        const target = document.getElementById(element.hash.slice(1));
        const place = target?.closest(".is-wrong, section, details");
        // Where there is nothing to fill in, as among answers to check, it leads to the place that is meant.
        const isField = target?.matches("input, select, textarea, fieldset");
        return { id: element.hash, hasFocus: Boolean(target?.contains(document.activeElement)), says: isField ? (place ?? target).innerText : element.innerText, problem: element.innerText };
      });
      if (!field.hasFocus) this.wrong.push(`${this.page.url()}: “${field.problem}” leads to ${field.id}, which gets no focus`);
      if (!field.says.includes(field.problem)) this.wrong.push(`${this.page.url()}: “${field.problem}” is not said at ${field.id}`);
    }
    for (const [label, text] of Object.entries(holds)) {
      const is = await this.labelled(label).inputValue();
      if (is !== text) this.wrong.push(`${this.page.url()}: ${label} held “${text}”, and now “${is}”`);
    }
  }

  /** Prints the page: what is to press and fill in is left out, and nothing is cut off at the edge. */
  async prints(name, way = "upright") {
    if (!this.looks) return;
    await this.page.emulateMedia({ media: "print" });
    await this.page.setViewportSize({ width: PAPER[way], height: 900 });
    const { shown, cut } = await this.page.evaluate(() => {
      const isSeen = (element) => element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
      const said = (element) => `${element.outerHTML.slice(0, 100)}`;
      const all = [...document.body.querySelectorAll("*")].filter((element) => isSeen(element) && !element.closest(".sr, svg"));
      return {
        shown: all.filter((element) => element.matches("nav, button, input, textarea, select")).map(said),
        cut: all.filter((element) => element.getBoundingClientRect().right > innerWidth + 1 || (getComputedStyle(element).overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1)).map(said),
      };
    });
    if (shown.length > 0) this.wrong.push(`${name} is printed with ${shown.slice(0, 5).join(" | ")}`);
    if (cut.length > 0) this.wrong.push(`${name} is cut off in print: ${cut.slice(0, 5).join(" | ")}`);
    mkdirSync(process.env.DILIGENCE_PICTURES, { recursive: true });
    await this.page.screenshot({ path: `${process.env.DILIGENCE_PICTURES}/${name}-print.jpg`, type: "jpeg", quality: 80, fullPage: true });
    await this.page.pdf({ path: `${process.env.DILIGENCE_PICTURES}/${name}.pdf`, format: "A4", preferCSSPageSize: true });
    await this.page.emulateMedia({ media: "screen" });
    await this.page.setViewportSize({ width: this.width, height: 900 });
  }

  /** Looks closely at every page to which the register leads from here and at whose kind nobody has looked yet. */
  async looksAround(from) {
    if (!this.looks) return;
    const known = new Set();
    const open = [from];
    while (open.length > 0) {
      const address = open.shift();
      await this.opens(address);
      if (!looked.has(kindOf(this.page.url()))) await this.looksAt(`around${kindOf(this.page.url()).replaceAll(/[/*]+/g, "-")}`, { briefly: true });
      for (const way of [...(await this.ways("/", "main")), ...(await this.ways("/", "nav"))]) {
        if (known.has(kindOf(way))) continue;
        known.add(kindOf(way));
        open.push(way.split("#")[0]);
      }
    }
  }

  /** Looks closely at the page at each size and in each scheme: axe finds nothing, nothing sticks out; a picture is kept. */
  async looksAt(name, { briefly = false } = {}) {
    if (!this.looks) return;
    looked.add(kindOf(this.page.url()));
    mkdirSync(process.env.DILIGENCE_PICTURES, { recursive: true });
    await this.page.evaluate(axe);
    for (const size of briefly ? BRIEFLY : SIZES) {
      await this.page.emulateMedia({ colorScheme: size.colorScheme, reducedMotion: "reduce" });
      await this.page.setViewportSize({ width: size.width, height: 900 });
      await this.page.screenshot({ path: `${process.env.DILIGENCE_PICTURES}/${name}-${size.name}.jpg`, type: "jpeg", quality: 80, fullPage: true });
      const over = await this.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) this.wrong.push(`${name} at ${size.width}: ${over} px stick out`);
      const { violations } = await this.page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }), RULES);
      for (const { id, nodes } of violations) this.wrong.push(`${name} ${size.name}: ${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`);
    }
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await this.page.setViewportSize({ width: this.width, height: 900 });
  }

  /** Goes on with Tab until this has the focus, and sees that it has. */
  async reaches(place) {
    await place.waitFor();
    for (let step = 0; step < 600; step += 1) {
      const state = await place.evaluate((element) => {
        const active = document.activeElement;
        // Tab stops once at a group of radio buttons; the arrows go on from there.
        const isInGroup = active !== element && element.type === "radio" && active?.type === "radio" && active.name === element.name;
        const style = getComputedStyle(element);
        return { isThere: active === element, isInGroup, shows: style.outlineStyle !== "none" || style.boxShadow !== "none" };
      });
      if (state.isThere) {
        if (!state.shows) this.wrong.push(`no focus shows on ${await place.evaluate((element) => element.outerHTML.slice(0, 120))}`);
        return;
      }
      await this.page.keyboard.press(state.isInGroup ? "ArrowDown" : "Tab");
    }
    assert.fail(`never reached: ${await place.evaluate((element) => element.outerHTML.slice(0, 200))}`);
  }
}
