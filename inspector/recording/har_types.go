package recording

import (
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/cdp/jsonv2"

	"github.com/swinspect/swinspect/cdp"
)

// The objects of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) with the
// fields that DevTools and Playwright add, whose names begin with an underscore. What
// people's tools write is read leniently: numbers in quotes, null for nothing.
type (
	harPage struct {
		Started harText      `json:"startedDateTime"`
		ID      harText      `json:"id"`
		Title   harText      `json:"title"`
		Timings jsonv2.Value `json:"pageTimings,omitzero"`
	}
	harEntry struct {
		Pageref    harText      `json:"pageref,omitzero"`
		Started    harText      `json:"startedDateTime"`
		Time       harNumber    `json:"time"`
		Request    harRequest   `json:"request"`
		Response   harResponse  `json:"response"`
		Cache      jsonv2.Value `json:"cache,omitzero"`
		Timings    harTimings   `json:"timings"`
		ServerIP   harText      `json:"serverIPAddress,omitzero"`
		Connection harText      `json:"connection,omitzero"`

		Initiator   *harInitiator `json:"_initiator,omitzero"`
		Priority    harText       `json:"_priority,omitzero"`
		Type        harText       `json:"_resourceType,omitzero"`
		FromCache   harText       `json:"_fromCache,omitzero"` // memory, disk
		WebSocket   []harFrame    `json:"_webSocketMessages,omitzero"`
		EventSource jsonv2.Value  `json:"_eventSourceMessages,omitzero"`
		ServerPort  harNumber     `json:"_serverPort,omitzero"`
		APIRequest  bool          `json:"_apiRequest,omitzero"` // Playwright: made by the test, not by a page
		Aborted     bool          `json:"_wasAborted,omitzero"`
		Swinspect   *harSwinspect `json:"_swinspect,omitzero"`
	}
	harInitiator struct {
		Type  harText      `json:"type"`
		URL   harText      `json:"url,omitzero"`
		Line  harNumber    `json:"lineNumber,omitzero"`
		Stack jsonv2.Value `json:"stack,omitzero"`
	}
	harFrame struct {
		Type   harText   `json:"type"` // send, receive
		Time   harNumber `json:"time"` // s since 1970
		Opcode harNumber `json:"opcode"`
		Data   harText   `json:"data"`
	}
	harHeader struct {
		Name  harText `json:"name"`
		Value harText `json:"value"`
	}
	harRequest struct {
		Method      harText        `json:"method"`
		URL         harText        `json:"url"`
		Version     harText        `json:"httpVersion"`
		Headers     []harHeader    `json:"headers"`
		Query       []harHeader    `json:"queryString"`
		Cookies     []jsonv2.Value `json:"cookies"`
		HeadersSize harNumber      `json:"headersSize"`
		BodySize    harNumber      `json:"bodySize"`
		PostData    *harPostData   `json:"postData,omitzero"`
	}
	harPostData struct {
		MIME   harText      `json:"mimeType"`
		Text   *harText     `json:"text,omitzero"`
		Params jsonv2.Value `json:"params,omitzero"`
		File   harText      `json:"_file,omitzero"`
		SHA1   harText      `json:"_sha1,omitzero"`
	}
	harResponse struct {
		Status       harNumber      `json:"status"`
		StatusText   harText        `json:"statusText"`
		Version      harText        `json:"httpVersion"`
		Headers      []harHeader    `json:"headers"`
		Cookies      []jsonv2.Value `json:"cookies"`
		Content      harContent     `json:"content"`
		RedirectURL  harText        `json:"redirectURL"`
		HeadersSize  harNumber      `json:"headersSize"`
		BodySize     harNumber      `json:"bodySize"`
		TransferSize harNumber      `json:"_transferSize,omitzero"`
		Error        harText        `json:"_error,omitzero"`
		Failure      harText        `json:"_failureText,omitzero"` // Playwright's _error

		ViaServiceWorker bool       `json:"_fetchedViaServiceWorker,omitzero"`
		CacheName        harText    `json:"_responseCacheStorageCacheName,omitzero"`
		WorkerSource     harText    `json:"_serviceWorkerResponseSource,omitzero"`
		RouterRule       *harNumber `json:"_serviceWorkerRouterRuleIdMatched,omitzero"`
		RouterMatched    harText    `json:"_serviceWorkerRouterMatchedSourceType,omitzero"`
		RouterActual     harText    `json:"_serviceWorkerRouterActualSourceType,omitzero"`
		Router           *harRouter `json:"_serviceWorkerRouterInfo,omitzero"` // another spelling of the three above
	}
	harRouter struct {
		Rule    *harNumber `json:"ruleIdMatched,omitzero"`
		Matched harText    `json:"matchedSourceType,omitzero"`
		Actual  harText    `json:"actualSourceType,omitzero"`
	}
	harContent struct {
		Size        harNumber  `json:"size"`
		Compression *harNumber `json:"compression,omitzero"`
		MIME        harText    `json:"mimeType"`
		Text        *harText   `json:"text,omitzero"`
		Encoding    harText    `json:"encoding,omitzero"`
		File        harText    `json:"_file,omitzero"`
		SHA1        harText    `json:"_sha1,omitzero"`
		Comment     harText    `json:"comment,omitzero"`
	}
	// harTimings are milliseconds; -1: did not happen.
	harTimings struct {
		Blocked *harNumber `json:"blocked,omitzero"`
		DNS     *harNumber `json:"dns,omitzero"`
		Connect *harNumber `json:"connect,omitzero"`
		SSL     *harNumber `json:"ssl,omitzero"`
		Send    harNumber  `json:"send"`
		Wait    harNumber  `json:"wait"`
		Receive harNumber  `json:"receive"`

		Queueing           *harNumber `json:"_blocked_queueing,omitzero"`
		WorkerStart        *harNumber `json:"_workerStart,omitzero"`
		WorkerReady        *harNumber `json:"_workerReady,omitzero"`
		WorkerFetchStart   *harNumber `json:"_workerFetchStart,omitzero"`
		RespondWithSettled *harNumber `json:"_workerRespondWithSettled,omitzero"`
		RouterEvaluation   *harNumber `json:"_workerRouterEvaluationStart,omitzero"`
		CacheLookup        *harNumber `json:"_workerCacheLookupStart,omitzero"`
	}
	// harSwinspect is what HAR has no name for.
	harSwinspect struct {
		ID          harText   `json:"id"`     // of the row of the fetch log
		Target      harText   `json:"target"` // whose request it is
		TargetType  harText   `json:"targetType,omitzero"`
		TargetURL   harText   `json:"targetURL,omitzero"`
		Kind        harText   `json:"kind,omitzero"`
		Parent      harText   `json:"parent,omitzero"`
		Client      harText   `json:"client,omitzero"`
		Scope       harText   `json:"scope,omitzero"`
		Version     harText   `json:"version,omitzero"`
		Decision    harText   `json:"decision,omitzero"`
		Source      harText   `json:"source,omitzero"`
		BodyHash    harText   `json:"bodyHash,omitzero"`
		BodyMissing harText   `json:"bodyMissing,omitzero"`
		Inferred    []harText `json:"inferred,omitzero"`
	}
)

// harText is a string; a number or a boolean is read as its text, null as nothing.
type harText string

// UnmarshalJSON implements the interface of encoding/json.
func (t *harText) UnmarshalJSON(b []byte) error {
	*t = ""
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := cdp.Decode(b, &s); err != nil {
			return err
		}
		*t = harText(s)
		return nil
	}
	if len(b) > 0 && b[0] != 'n' && b[0] != '{' && b[0] != '[' {
		*t = harText(b)
	}
	return nil
}

// harNumber is a number; one in quotes is read as well, anything else as 0.
type harNumber float64

// UnmarshalJSON implements the interface of encoding/json.
func (n *harNumber) UnmarshalJSON(b []byte) error {
	*n = 0
	if v, err := strconv.ParseFloat(strings.Trim(string(b), `" `), 64); err == nil && v == v && v > -1e15 && v < 1e15 {
		*n = harNumber(v)
	}
	return nil
}

// of is what a pointer points to, -1 for nil: how HAR says that a span did not happen.
func (n *harNumber) of() float64 {
	if n == nil {
		return -1
	}
	return float64(*n)
}

func harPointer(v float64) *harNumber {
	n := harNumber(v)
	return &n
}
