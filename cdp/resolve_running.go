package cdp

import "context"

// resolveRunning finds the browser that runs on a user data directory without a
// DevToolsActivePort: with an explicit port Chromium writes no such file.
func (r resolver) resolveRunning(ctx context.Context, dir string) (Endpoint, error) {
	_ = ctx
	return Endpoint{}, r.fail(nil, hintStart, "there is no DevToolsActivePort in it: no browser with remote debugging runs on it")
}
