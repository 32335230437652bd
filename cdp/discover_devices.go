package cdp

import (
	"context"
	"fmt"
	"sync"
)

// lookAtDevices lists the browsers of Android devices.
func (s *survey) lookAtDevices(ctx context.Context) {
	devices, err := s.adb.devices(ctx)
	if err != nil {
		if s.adbHere {
			s.add(Found{Product: "Android", State: StateNoPort, Command: "adb start-server",
				Advice: "adb is installed, but its server does not run."})
		}
		return
	}
	var wg sync.WaitGroup
	for _, d := range devices {
		wg.Go(func() { s.lookAtDevice(ctx, d) })
	}
	wg.Wait()
}

func (s *survey) lookAtDevice(ctx context.Context, d adbDevice) {
	name := "Android " + d.serial
	if d.model != "" {
		name = d.model + " (" + d.serial + ")"
	}
	if d.state != "device" {
		s.add(Found{Product: name, State: StateUnauthorized, Advice: "The device is " + d.state + ": allow USB debugging on its screen."})
		return
	}
	sockets, err := s.adb.sockets(ctx, d.serial)
	if err != nil || len(sockets) == 0 {
		s.add(Found{Product: name, State: StateNoPort, Advice: "No browser with remote debugging runs on the device: start Chrome there."})
		return
	}
	for _, socket := range sockets {
		s.add(Found{
			Input: "adb:" + d.serial + "/" + socket, Product: name + " " + socket, State: StateReady,
			Command: fmt.Sprintf("adb -s %s forward tcp:9222 localabstract:%s", d.serial, socket),
		})
	}
}
