package fetch

import (
	"net/http"
	"strconv"
)

// Handler is a network that an http.Handler answers, in process. The whole
// response is made before it is handed over: for one that streams use Live.
func Handler(h http.Handler) http.RoundTripper {
	return Function(func(r *http.Request) (*http.Response, error) {
		w := &responseRecorder{header: http.Header{}}
		served := r.Clone(r.Context())
		served.RequestURI = r.URL.RequestURI()
		if served.Body == nil {
			served.Body = http.NoBody
		}
		h.ServeHTTP(w, served)
		closeRequestBody(r)
		if w.status == 0 {
			w.status = http.StatusOK
		}
		return answer(r, w.status, w.header, w.body.Bytes()), nil
	})
}

func statusLine(status int) string { return strconv.Itoa(status) + " " + http.StatusText(status) }
