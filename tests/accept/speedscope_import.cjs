// Loads a file with speedscope's own importer, out of its published bundle, and prints what it made of it.
//   node speedscope_import.cjs BUNDLE FILE
// The bundle is an application for a browser: it gets a window that takes anything, and its importer is handed out.
const fs = require("fs");
const [, , bundle, file] = process.argv;

const anything = new Proxy(function () {}, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : name === "length" ? 0 : anything),
  apply: () => anything,
  construct: () => anything,
});
const browser = { document: anything, location: { hash: "", href: "", protocol: "" }, addEventListener: () => {} };
Object.assign(globalThis, { window: new Proxy(browser, { get: (own, name) => own[name] ?? anything }), ...browser });

const source = fs.readFileSync(bundle, "utf8");
const importer = /"Importing as speedscope json file"\),([\w$]+)\(/.exec(source)[1];
const end = source.lastIndexOf("})();");
const open = `"use strict";(()=>{globalThis.importer=(json)=>${importer}(json);`;
try {
  (0, eval)(open + source.slice(source.indexOf("(()=>{") + 6, end) + "})();");
} catch (error) {
  process.stderr.write(`the application itself did not start: ${error.message}\n`);
}
const group = globalThis.importer(JSON.parse(fs.readFileSync(file, "utf8")));
const profiles = group.profiles.map((profile) => {
  const calls = [];
  profile.forEachCall((node) => calls.push(node.frame.name), () => {});
  return { name: profile.getName(), unit: profile.getWeightUnit(), total: profile.getTotalWeight(), calls: calls.length };
});
process.stdout.write(JSON.stringify({ name: group.name, shown: group.indexToView, profiles }));
