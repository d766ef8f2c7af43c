package service

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/power"
	"banger.dev/guest/internal/stats"
)

// answerTime is what the answer to Shutdown gets to leave the machine before its processes end.
const answerTime = 20 * time.Millisecond

var phases = map[boot.Phase]guestv1.Phase{
	boot.Initrd:   guestv1.Phase_PHASE_INITRD,
	boot.Booting:  guestv1.Phase_PHASE_BOOTING,
	boot.Up:       guestv1.Phase_PHASE_BOOTED,
	boot.Stopping: guestv1.Phase_PHASE_STOPPING,
}

func (s *Service) Info(
	context.Context, *connect.Request[guestv1.InfoRequest],
) (*connect.Response[guestv1.InfoResponse], error) {
	var uptime unix.Timespec
	unix.ClockGettime(unix.CLOCK_BOOTTIME, &uptime)
	return connect.NewResponse(&guestv1.InfoResponse{
		AgentBuild:    s.build,
		BootId:        bootID(),
		KernelRelease: stats.Text("/proc/sys/kernel/osrelease"),
		Phase:         phases[s.machine.Phase()],
		UptimeNs:      uptime.Nano(),
	}), nil
}

func (s *Service) Stats(
	context.Context, *connect.Request[guestv1.StatsRequest],
) (*connect.Response[guestv1.StatsResponse], error) {
	now := stats.Read()
	response := &guestv1.StatsResponse{
		CpuBusyNs:            now.CPUBusyNs,
		CpuTotalNs:           now.CPUTotalNs,
		MemoryTotalBytes:     now.MemoryTotalBytes,
		MemoryAvailableBytes: now.MemoryAvailableBytes,
		NetworkReceivedBytes: now.NetworkReceivedBytes,
		NetworkSentBytes:     now.NetworkSentBytes,
		ProcessCount:         now.ProcessCount,
		Load_1M:              now.Load1m,
	}
	for _, fs := range now.FileSystems {
		response.FileSystems = append(response.FileSystems, &guestv1.FileSystemStats{
			MountPoint: fs.MountPoint, SizeBytes: fs.SizeBytes, UsedBytes: fs.UsedBytes,
		})
	}
	return connect.NewResponse(response), nil
}

func (s *Service) Sync(
	context.Context, *connect.Request[guestv1.SyncRequest],
) (*connect.Response[guestv1.SyncResponse], error) {
	unix.Sync()
	return connect.NewResponse(&guestv1.SyncResponse{}), nil
}

// Shutdown may be repeated; only the first one starts it.
func (s *Service) Shutdown(
	context.Context, *connect.Request[guestv1.ShutdownRequest],
) (*connect.Response[guestv1.ShutdownResponse], error) {
	before := s.machine.Stop()
	if before != boot.Stopping {
		hasInit := before == boot.Up && s.machine.HasImageInit()
		time.AfterFunc(answerTime, func() { power.Off(hasInit, s.note) })
	}
	return connect.NewResponse(&guestv1.ShutdownResponse{}), nil
}
