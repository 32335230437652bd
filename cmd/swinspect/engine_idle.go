package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"time"
)

// lookEvery is how often giveBack looks.
const lookEvery = time.Second

// quiet is less than this allocated in lookEvery, in bytes; worthGiving how much must
// have been allocated since giveBack did anything.
const (
	quiet       = 1 << 20
	worthGiving = 16 << 20
)

// giveAfter are the quiet looks after which memory is given back: not only once,
// because what ends slowly (a thousand workers) becomes garbage without a sound.
var giveAfter = [...]int{1, 5, 20}

// giveBack returns memory to the system when the engine has become quiet, until ctx
// ends: Go's collector runs when the heap has grown to twice its size or every two
// minutes, so what a thousand stopped workers left behind would stay resident.
func giveBack(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	before := allocated()
	given, looks := before, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocated()
		looks++
		if now-before >= quiet {
			looks = 0
		}
		if slices.Contains(giveAfter[:], looks) && now-given > worthGiving {
			debug.FreeOSMemory()
			if looks == giveAfter[len(giveAfter)-1] {
				given = now
			}
		}
		before = allocated()
	}
}

// allocated is how many bytes the heap has ever given out.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
