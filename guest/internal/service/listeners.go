package service

import (
	"context"
	"fmt"
	"net"
	"sync"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/forward"
	"banger.dev/guest/internal/listeners"
)

const (
	maxProbes    = 64
	probesAtOnce = 8
)

var protocols = map[listeners.Protocol]guestv1.Listener_Protocol{
	listeners.TCP: guestv1.Listener_PROTOCOL_TCP,
	listeners.UDP: guestv1.Listener_PROTOCOL_UDP,
}

var schemes = map[listeners.Scheme]guestv1.ProbeResponse_Scheme{
	listeners.HTTP:  guestv1.ProbeResponse_SCHEME_HTTP,
	listeners.HTTPS: guestv1.ProbeResponse_SCHEME_HTTPS,
	listeners.Other: guestv1.ProbeResponse_SCHEME_OTHER,
}

// WatchListeners tells what listens until the host ends the stream.
func (n *network) WatchListeners(
	ctx context.Context, _ *connect.Request[guestv1.WatchListenersRequest],
	stream *connect.ServerStream[guestv1.WatchListenersResponse],
) error {
	if !n.machine.Booted() {
		return notBooted()
	}
	return listeners.Watch(ctx, func(list []listeners.Listener) error {
		response := &guestv1.WatchListenersResponse{}
		for _, l := range list {
			response.Listeners = append(response.Listeners, &guestv1.Listener{
				Protocol: protocols[l.Protocol],
				Address:  l.Address.String(),
				Port:     uint32(l.Port),
				Pid:      int32(l.PID),
				Process:  l.Process,
			})
		}
		return stream.Send(response)
	})
}

// Probe asks several listeners at a time what they speak.
func (n *network) Probe(
	ctx context.Context, request *connect.Request[guestv1.ProbeRequest],
) (*connect.Response[guestv1.ProbeResponse], error) {
	if !n.machine.Booted() {
		return nil, notBooted()
	}
	targets := request.Msg.GetTargets()
	if len(targets) > maxProbes {
		return nil, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("more than %d targets", maxProbes))
	}
	response := &guestv1.ProbeResponse{Schemes: make([]guestv1.ProbeResponse_Scheme, len(targets))}
	var probes sync.WaitGroup
	turns := make(chan struct{}, probesAtOnce)
	for i, target := range targets {
		probes.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			response.Schemes[i] = schemes[listeners.Speaks(ctx, func(ctx context.Context) (net.Conn, error) {
				return forward.Dial(ctx, forward.Target{Port: target.GetPort(), Address: target.GetAddress()})
			})]
		})
	}
	probes.Wait()
	return connect.NewResponse(response), nil
}
