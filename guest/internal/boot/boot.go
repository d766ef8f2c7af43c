// Package boot turns the initrd into the image's machine: it finds the drives, assembles the root from the read-only base
// and the overlay disk, enters it, and hands over to the image's init, or stays.
//
// It works by system calls only and starts no helper process. The disks are mounted in the initrd, outside of the new
// root's sight, and stay mounted there: the overlay keeps them busy. What is needed of the overlay disk later (the
// container engines' directories) is reached through a descriptor.
package boot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"banger.dev/guest/internal/pseudofs"
)

// Drives are serial numbers; empty is none.
type Drives struct {
	Base, Overlay, Work, Modules string
}

// Plan is everything Boot is told.
type Plan struct {
	Hostname   string
	DNSServers []string
	// Lines for /etc/hosts
	Hosts   []string
	Network *Network
	// Zero leaves the clock alone
	HostTime time.Time
	// The image's own init becomes process 1
	HandOver bool
	Drives   Drives
}

// Stage is a part of Boot and what it took.
type Stage struct {
	Name string
	Took time.Duration
}

// First is what Boot needs of process 1.
type First interface {
	// EnterRoot moves the mount at root over "/" and puts both processes into it.
	EnterRoot(root string) error
	// HandOver makes the program at path process 1.
	HandOver(path string) error
}

// imageInit is what a root with an init of its own has.
const imageInit = "/sbin/init"

// deviceDeadline is for devices that the host promised; their drivers are loaded already.
const deviceDeadline = 10 * time.Second

// Run boots. After an error the machine is good for nothing but being switched off.
func Run(plan Plan, first First, note func(format string, args ...any)) ([]Stage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deviceDeadline)
	defer cancel()
	run := &run{plan: plan, first: first, note: note}
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"clock", func(context.Context) error { return setClock(plan.HostTime) }},
		{"drives", run.findDrives},
		{"root", run.assembleRoot},
		{"enter", run.enterRoot},
		{"disks", run.mountDisks},
		{"files", run.writeFiles},
		{"network", run.configureNetwork},
		{"init", run.handOver},
	}
	var stages []Stage
	for _, step := range steps {
		start := time.Now()
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
		stages = append(stages, Stage{step.name, time.Since(start)})
	}
	return stages, nil
}

type run struct {
	plan    Plan
	first   First
	note    func(format string, args ...any)
	devices map[string]string
	overlay *os.File
}

func (r *run) enterRoot(context.Context) error {
	if err := r.first.EnterRoot(newRoot); err != nil {
		return err
	}
	if err := pseudofs.Mount(); err != nil {
		return err
	}
	if r.plan.HandOver {
		if _, err := os.Stat(imageInit); err != nil {
			return fmt.Errorf("the image has no init of its own: %w", err)
		}
		return nil
	}
	return pseudofs.MountWithoutInit()
}

func (r *run) handOver(context.Context) error {
	if !r.plan.HandOver {
		return nil
	}
	return r.first.HandOver(imageInit)
}

// Check refuses a plan that cannot work, before anything is touched.
func (p Plan) Check() error {
	if p.Drives.Base == "" {
		return errors.New("there is no base drive")
	}
	if err := checkHostname(p.Hostname); err != nil {
		return err
	}
	if err := checkLines(append(p.Hosts, p.DNSServers...)); err != nil {
		return err
	}
	if p.Network != nil {
		return p.Network.check()
	}
	return nil
}
