package fetch

import "time"

// Timing is when the parts of a fetch happened, on the engine's clock; zero for
// what did not. The worker's parts are CDP's workerStart, workerReady,
// workerFetchStart and workerRespondWithSettled.
type Timing struct {
	Start, WorkerStart, WorkerReady, FetchStart, RespondWithSettled time.Time
	RequestStart, ResponseStart, End                                time.Time
}
