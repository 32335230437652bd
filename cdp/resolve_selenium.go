package cdp

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"
)

// capabilities are the parts of a WebDriver session's capabilities that lead to
// its browser.
type capabilities struct {
	SeCDP  string `json:"se:cdp"`
	Chrome struct {
		DebuggerAddress string `json:"debuggerAddress"`
	} `json:"goog:chromeOptions"`
	Edge struct {
		DebuggerAddress string `json:"debuggerAddress"`
	} `json:"ms:edgeOptions"`
	BrowserName    string `json:"browserName"`
	BrowserVersion string `json:"browserVersion"`
}

// resolveSelenium asks the hub (or the driver) of a session for the session's
// capabilities: se:cdp is Grid's proxy to the browser, debuggerAddress the
// browser itself when the driver runs here.
func (r resolver) resolveSelenium(ctx context.Context, session *url.URL) (Endpoint, error) {
	caps, err := sessionCapabilities(ctx, session)
	if err != nil {
		return Endpoint{}, r.fail(err, "is the session still open?", "the hub does not tell the capabilities of this session: %v", rootCause(err))
	}
	if caps.SeCDP != "" {
		ws, err := url.Parse(caps.SeCDP)
		if err != nil {
			return Endpoint{}, r.fail(err, "", "the session's se:cdp capability is not a URL")
		}
		if isLoopback(ws.Hostname()) && !isLoopback(session.Hostname()) {
			ws.Host = session.Host
		}
		return endpointOf(ws, caps.product()), nil
	}
	for _, address := range []string{caps.Chrome.DebuggerAddress, caps.Edge.DebuggerAddress} {
		if address != "" {
			return r.discover(ctx, &url.URL{Scheme: "http", Host: address})
		}
	}
	return Endpoint{}, r.fail(nil, "only Chromium browsers have it: start the session with Chrome or Edge on Selenium 4",
		"the session (%s) has no se:cdp capability", caps.product())
}

func (c capabilities) product() string {
	if c.BrowserName == "" {
		return "unknown browser"
	}
	return c.BrowserName + "/" + c.BrowserVersion
}

// sessionCapabilities asks, in this order, GET /session/ID (drivers), Grid's
// GraphQL, and Grid's status, which lists the sessions of every node.
func sessionCapabilities(ctx context.Context, session *url.URL) (capabilities, error) {
	id := path.Base(session.Path)
	for _, ask := range []func(context.Context, *url.URL, string) (capabilities, error){askDriver, askGraphQL, askStatus} {
		caps, err := ask(ctx, session, id)
		if err == nil && (caps.SeCDP != "" || caps.BrowserName != "") {
			return caps, nil
		}
		if err != nil && refused(err) {
			return capabilities{}, err
		}
	}
	return capabilities{}, fmt.Errorf("no session %s", id)
}

func askDriver(ctx context.Context, session *url.URL, _ string) (capabilities, error) {
	_, body, err := get(ctx, session)
	if err != nil {
		return capabilities{}, err
	}
	var answer struct {
		Value struct {
			capabilities `json:",inline"`
			Capabilities capabilities `json:"capabilities"`
		} `json:"value"`
	}
	if err := Decode(body, &answer); err != nil {
		return capabilities{}, fmt.Errorf("reading the session: %w", err)
	}
	if answer.Value.Capabilities.BrowserName != "" {
		return answer.Value.Capabilities, nil
	}
	return answer.Value.capabilities, nil
}

func askGraphQL(ctx context.Context, session *url.URL, id string) (capabilities, error) {
	query, err := Encode(map[string]string{"query": fmt.Sprintf(`{ session(id: %q) { capabilities } }`, id)})
	if err != nil {
		return capabilities{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	u := hubOf(session).JoinPath("graphql")
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(query))
	if err != nil {
		return capabilities{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	_, body, err := do(req)
	if err != nil {
		return capabilities{}, err
	}
	var answer struct {
		Data struct {
			Session struct {
				Capabilities string `json:"capabilities"`
			} `json:"session"`
		} `json:"data"`
	}
	var caps capabilities
	if err := Decode(body, &answer); err != nil {
		return caps, fmt.Errorf("reading Grid's answer: %w", err)
	}
	err = Decode(jsonv2.Value(answer.Data.Session.Capabilities), &caps)
	return caps, err
}

// gridStatus is the part of Grid's /status that names sessions.
type gridStatus struct {
	Value struct {
		Ready *bool `json:"ready"`
		Nodes []struct {
			Slots []struct {
				Session struct {
					SessionID    string       `json:"sessionId"`
					Capabilities capabilities `json:"capabilities"`
				} `json:"session"`
			} `json:"slots"`
		} `json:"nodes"`
	} `json:"value"`
}

func askStatus(ctx context.Context, session *url.URL, id string) (capabilities, error) {
	_, body, err := get(ctx, hubOf(session).JoinPath("status"))
	if err != nil {
		return capabilities{}, err
	}
	var status gridStatus
	if err := Decode(body, &status); err != nil {
		return capabilities{}, fmt.Errorf("reading Grid's status: %w", err)
	}
	for _, node := range status.Value.Nodes {
		for _, slot := range node.Slots {
			if slot.Session.SessionID == id {
				return slot.Session.Capabilities, nil
			}
		}
	}
	return capabilities{}, nil
}

// isSeleniumHub reports whether a WebDriver server answers at base.
func isSeleniumHub(ctx context.Context, base *url.URL) (bool, error) {
	status, body, err := get(ctx, base.JoinPath("status"))
	if err != nil || status != http.StatusOK {
		return false, err
	}
	var answer gridStatus
	return Decode(body, &answer) == nil && answer.Value.Ready != nil, nil
}

// hubOf is the hub of a session's URL.
func hubOf(session *url.URL) *url.URL {
	hub := *session
	i := strings.LastIndex(hub.Path, "/session/")
	hub.Path = strings.TrimSuffix(hub.Path[:i], "/wd/hub")
	return &hub
}
