// Package uitest drives swinspect's page in a real Chromium, as a person would.
// Its Go tests start everything (fixture sites, a browser under inspection,
// `swinspect serve`) and run the suites of tests/*.mjs, which hold a second
// browser with playwright-core.
package uitest
