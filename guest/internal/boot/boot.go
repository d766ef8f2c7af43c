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

	"banger.dev/guest/internal/files"
	"banger.dev/guest/internal/identity"
	"banger.dev/guest/internal/modules"
	"banger.dev/guest/internal/pseudofs"
)

// Drives are serial numbers, or places (orderPrefix); empty is none.
type Drives struct {
	Base, Overlay, Work, Modules string
	// What lies between base and overlay, in overlayfs' own form; of a build
	Delta string
}

// Plan is everything Boot is told.
type Plan struct {
	Identity identity.Identity
	// The image's own init becomes process 1
	HandOver bool
	// The machine runs one step of a build: nothing of banger's gets into the root
	Build  bool
	Drives Drives
	// NAME=VALUE, of the image
	ImageEnv []string
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

// maxImageEnv is half of what Linux takes as the environment of one command.
const maxImageEnv = 1 << 20

// deviceDeadline is for devices that the host promised; their drivers are loaded already.
const deviceDeadline = 10 * time.Second

// Booted is what Boot leaves behind.
type Booted struct {
	// The machine as later requests find it
	Machine identity.Machine
	Stages  []identity.Stage
	// Of a build
	Changes *files.Changes
}

// Run boots. After an error the machine is good for nothing but being switched off.
func Run(plan Plan, first First, note func(format string, args ...any)) (Booted, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deviceDeadline)
	defer cancel()
	run := &run{ctx: ctx, plan: plan, first: first, note: note}
	who := plan.Identity
	steps := []identity.Step{
		{Name: "entropy", Do: who.StirEntropy},
		{Name: "clock", Do: who.SetClock},
		{Name: "modules", Do: run.loadLateModules},
		{Name: "drives", Do: run.findDrives},
		{Name: "root", Do: run.assembleRoot},
	}
	if plan.Build {
		steps = append(steps, run.buildSteps()...)
	} else {
		steps = append(steps, run.machineSteps()...)
	}
	stages, err := identity.RunStages(steps)
	if err != nil {
		return Booted{}, err
	}
	machine := identity.Machine{HasInit: plan.HandOver, Overlay: run.overlayDisk, Work: run.workDisk, Note: note}
	return Booted{machine, stages, run.changes}, nil
}

// machineSteps make somebody's machine of the assembled root.
func (r *run) machineSteps() []identity.Step {
	who := r.plan.Identity
	return []identity.Step{
		{Name: "enter", Do: r.enterRoot},
		{Name: "disks", Do: r.mountDisks},
		{Name: "names", Do: who.WriteNames},
		{Name: "machine-id", Do: func() error { return who.WriteMachineID(r.plan.HandOver) }},
		{Name: "ssh-host-keys", Do: who.WriteHostKeys},
		{Name: "ssh-access", Do: who.WriteSSHAccess},
		{Name: "git", Do: who.WriteGit},
		{Name: "network", Do: r.configureNetwork},
		{Name: "init", Do: r.handOver},
	}
}

type run struct {
	ctx     context.Context
	plan    Plan
	first   First
	note    func(format string, args ...any)
	devices map[string]string
	// The overlay disk's root, which lies out of the new root's sight
	overlay               *os.File
	overlayDisk, workDisk *identity.Disk
	// What the layer of a build is taken of, and the files that are bound over the image's
	changes   *files.Changes
	nameFiles *os.File
}

func (r *run) loadLateModules() error {
	modules.Load(modules.LateListFile, r.note)
	return nil
}

func (r *run) enterRoot() error {
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

func (r *run) handOver() error {
	if !r.plan.HandOver {
		return nil
	}
	r.noteFailure(r.hookShutdown())
	return r.first.HandOver(imageInit)
}

// Check refuses a plan that cannot work, before anything is touched.
func (p Plan) Check() error {
	if p.Drives.Base == "" {
		return errors.New("there is no base drive")
	}
	if p.Drives.Delta != "" && !p.Build {
		return errors.New("only a build has a delta drive")
	}
	bytes := 0
	for _, variable := range p.ImageEnv {
		bytes += len(variable)
	}
	if bytes > maxImageEnv {
		return fmt.Errorf("the image's environment has %d bytes", bytes)
	}
	return p.Identity.Check()
}
