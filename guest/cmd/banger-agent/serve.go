package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/channel"
	"banger.dev/guest/internal/console"
	"banger.dev/guest/internal/pid1"
	"banger.dev/guest/internal/service"
)

// ways are what the monitors of banger offer: QEMU a port, Firecracker vsock.
var ways = channel.Ways{PortName: "agent.0", VsockPort: 1024}

// serve is the serving process. It ends only when the way to the host fails, which ends the machine too.
func serve(build string) {
	log := console.Open()
	// Whoever ends all processes does not mean this one. Caught rather than ignored: children inherit what is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	handler := service.New(build, &boot.Machine{}, pid1.OpenLink(), log.Printf).Handler()
	agent := channel.Agent{Build: build, Handler: handler, Note: log.Printf}
	if err := ways.Serve(context.Background(), agent); err != nil {
		log.Printf("%v", err)
		os.Exit(1)
	}
}
