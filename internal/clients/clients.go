// Package clients runs DevTools clients that people use (puppeteer-core,
// playwright-core, chrome-remote-interface, chromedp, VS Code's js-debug) unmodified against
// `swinspect engine` and against a Chromium: the same scripts, the same output.
// All of it is in its tests.
package clients
