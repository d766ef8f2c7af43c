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

const portName = "agent.0"

// serve is the serving process. It ends only when the port fails, which ends the machine too.
func serve(build string) {
	log := console.Open()
	// Whoever ends all processes does not mean this one. Caught rather than ignored: children inherit what is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	if err := serveHosts(build, log); err != nil {
		log.Printf("%v", err)
		os.Exit(1)
	}
}

func serveHosts(build string, log *console.Log) error {
	ctx := context.Background()
	device, err := channel.FindPort(ctx, portName)
	if err != nil {
		return err
	}
	port, err := channel.OpenPort(device)
	if err != nil {
		return err
	}
	log.Printf("build %s serves on %s", build, device)
	handler := service.New(build, &boot.Machine{}, pid1.OpenLink(), log.Printf).Handler()
	return channel.Serve(ctx, port, build, handler, log.Printf)
}
