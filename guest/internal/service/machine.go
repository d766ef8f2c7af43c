package service

import (
	"context"
	"os"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	guestv1 "banger.dev/guest/gen/banger/guest/v1"
	"banger.dev/guest/internal/boot"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/power"
	"banger.dev/guest/internal/stats"
)

// answerTime is what the answer to Shutdown gets to leave the machine before its processes end.
const answerTime = 20 * time.Millisecond

// stopGrace is for an image's main process, which ends in its own way; as long as Docker gives it.
const stopGrace = 10 * time.Second

// From proc(5): the page cache, and what the kernel remembers of directories and files.
const (
	dropCaches = "/proc/sys/vm/drop_caches"
	allCaches  = "3\n"
)

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
	var id string
	if s.machine.Booted() {
		id = bootID()
	}
	return connect.NewResponse(&guestv1.InfoResponse{
		AgentBuild:    s.build,
		BootId:        id,
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
		MemoryTotalBytes:     now.Memory.TotalBytes,
		MemoryAvailableBytes: now.Memory.AvailableBytes,
		MemoryFreeBytes:      now.Memory.FreeBytes,
		MemoryCacheBytes:     now.Memory.CacheBytes,
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
	_ context.Context, request *connect.Request[guestv1.SyncRequest],
) (*connect.Response[guestv1.SyncResponse], error) {
	unix.Sync()
	if request.Msg.GetDropCaches() {
		if err := os.WriteFile(dropCaches, []byte(allCaches), 0); err != nil {
			return nil, connect.NewError(connect.CodeInternal, err)
		}
	}
	return connect.NewResponse(&guestv1.SyncResponse{}), nil
}

func (s *Service) Clock(
	_ context.Context, request *connect.Request[guestv1.ClockRequest],
) (*connect.Response[guestv1.ClockResponse], error) {
	now, err := identity.AdjustClock(time.Duration(request.Msg.GetAdjustNs()))
	if err != nil {
		return nil, connect.NewError(connect.CodeInternal, err)
	}
	return connect.NewResponse(&guestv1.ClockResponse{UnixNs: now.UnixNano()}), nil
}

// Shutdown may be repeated; only the first one starts it.
func (s *Service) Shutdown(
	context.Context, *connect.Request[guestv1.ShutdownRequest],
) (*connect.Response[guestv1.ShutdownResponse], error) {
	before := s.machine.Stop()
	if before != boot.Stopping {
		hasInit := before == boot.Up && s.machine.HasImageInit()
		time.AfterFunc(answerTime, func() {
			s.processes.StopByOwnSignal(stopGrace)
			power.Off(hasInit, s.note)
		})
	}
	return connect.NewResponse(&guestv1.ShutdownResponse{}), nil
}
