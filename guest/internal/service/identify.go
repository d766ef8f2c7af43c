package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"connectrpc.com/connect"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/identity"
)

// Identify runs to its end even when the caller goes away: half an identity is of no use, but it may be repeated.
func (s *Service) Identify(
	_ context.Context, request *connect.Request[guestv1.IdentifyRequest],
) (*connect.Response[guestv1.IdentifyResponse], error) {
	arrived := time.Now()
	who := identityOf(request.Msg.GetIdentity())
	if err := who.Check(); err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	var response *guestv1.IdentifyResponse
	err := s.machine.Identify(who, func(machine identity.Machine, before *identity.Identity) error {
		stages, err := who.Assume(machine, before)
		if err != nil {
			return err
		}
		start := time.Now()
		report := identity.Look(machine)
		stages = append(stages, identity.Stage{Name: "look", Took: time.Since(start)})
		response = reportOf(report, stages)
		s.assumeSSH(who)
		if key := s.ssh.HostKey(); key != "" && len(response.SshHostKeys) == 0 {
			response.SshHostKeys = []string{strings.TrimSpace(key)}
		}
		return nil
	})
	switch {
	case errors.Is(err, boot.ErrNotUp):
		return nil, notBooted()
	case err != nil:
		s.note("cannot take on an identity: %v", err)
		return nil, connect.NewError(connect.CodeInternal, err)
	}
	response.BootId = bootID()
	response.HeldNs = time.Since(arrived).Nanoseconds()
	response.UnixNs = time.Now().UnixNano()
	return connect.NewResponse(response), nil
}

func identityOf(message *guestv1.Identity) identity.Identity {
	who := identity.Identity{
		Hostname:   message.GetHostname(),
		Hosts:      message.GetHosts(),
		DNSServers: message.GetDnsServers(),
		MachineID:  message.GetMachineId(),
		Seed:       message.GetSeed(),

		AuthorizedKeys: message.GetAuthorizedKeys(),

		OverlayBytes: message.GetOverlayBytes(),
		WorkBytes:    message.GetWorkBytes(),
	}
	if network := message.GetNetwork(); network.GetMac() != "" {
		who.Network = &identity.Network{MAC: network.Mac, Address: network.Address, Gateway: network.Gateway}
	}
	who.Git = identity.GitIdentity{Name: message.GetGit().GetName(), Email: message.GetGit().GetEmail()}
	if now := message.GetHostTimeUnixNs(); now != 0 {
		who.HostTime = time.Unix(0, now)
	}
	for _, key := range message.GetSshHostKeys() {
		who.HostKeys = append(who.HostKeys,
			identity.HostKey{Type: key.GetType(), Private: key.GetPrivateKey(), Public: key.GetPublicKey()})
	}
	return who
}

func reportOf(report identity.Report, stages []identity.Stage) *guestv1.IdentifyResponse {
	return &guestv1.IdentifyResponse{
		Hostname:     report.Hostname,
		MachineId:    report.MachineID,
		Mac:          report.MAC,
		Addresses:    report.Addresses,
		SshHostKeys:  report.SSHHostKeys,
		RandomSample: report.RandomSample,
		OverlayBytes: report.OverlayBytes,
		WorkBytes:    report.WorkBytes,
		Stages:       stagesOf(stages),
	}
}

func stagesOf(stages []identity.Stage) []*guestv1.Stage {
	var messages []*guestv1.Stage
	for _, stage := range stages {
		messages = append(messages, &guestv1.Stage{Name: stage.Name, DurationNs: stage.Took.Nanoseconds()})
	}
	return messages
}
