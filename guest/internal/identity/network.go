package identity

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
)

// interfaceName is what the guest's one interface is called.
const interfaceName = "eth0"

const netDir = "/sys/class/net"

// Network is how the guest's one interface is configured.
type Network struct {
	// Given to the interface, whatever it had
	MAC string
	// With prefix length
	Address string
	// Empty: no default route
	Gateway string
}

func (n Network) check() error {
	if mac, err := net.ParseMAC(n.MAC); err != nil || len(mac) != 6 {
		return fmt.Errorf("%.80q is not a MAC address", n.MAC)
	}
	if address, err := netip.ParsePrefix(n.Address); err != nil || !address.Addr().Is4() {
		return fmt.Errorf("%.80q is not an address with prefix length", n.Address)
	}
	if n.Gateway != "" && net.ParseIP(n.Gateway).To4() == nil {
		return fmt.Errorf("gateway %.80q is not an address", n.Gateway)
	}
	return nil
}

func (i Identity) configureNetwork() error {
	if i.Network == nil {
		return nil
	}
	name, err := Interface()
	if err == nil && name == "" {
		err = errors.New("the guest has no network interface")
	}
	if err != nil {
		return err
	}
	return i.Network.Configure(name)
}

// Interface is the name of the guest's one interface that is a device, not one that programs made; empty when there is
// none yet.
func Interface() (string, error) {
	return findInterface(netDir)
}

func findInterface(dir string) (string, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", "device"))
	if err != nil || len(found) == 0 {
		return "", err
	}
	for _, device := range found {
		if filepath.Base(filepath.Dir(device)) == interfaceName {
			return interfaceName, nil
		}
	}
	return filepath.Base(filepath.Dir(found[0])), nil
}

// Configure makes the interface's MAC, address and default route these and no others, while it is up: what was learned of
// the neighbours before is forgotten with the address. By ioctls: in a guest that was just restored, where every instruction is
// translated for the first time, the same over netlink takes five times as long.
func (n Network) Configure(name string) error {
	kernel, err := openInet()
	if err != nil {
		return err
	}
	defer kernel.Close()
	if name != interfaceName {
		if err := kernel.rename(name, interfaceName); err != nil {
			return fmt.Errorf("rename %s: %w", name, err)
		}
	}
	mac, err := net.ParseMAC(n.MAC)
	if err != nil {
		return err
	}
	if err := kernel.setMAC(interfaceName, mac); err != nil {
		return fmt.Errorf("set the MAC address %s: %w", n.MAC, err)
	}
	address, err := netip.ParsePrefix(n.Address)
	if err != nil {
		return err
	}
	if err := kernel.setAddress(interfaceName, address); err != nil {
		return fmt.Errorf("set address %s: %w", n.Address, err)
	}
	if err := kernel.bringUp(interfaceName); err != nil {
		return fmt.Errorf("bring up %s: %w", interfaceName, err)
	}
	if n.Gateway == "" {
		return nil
	}
	gateway, err := netip.ParseAddr(n.Gateway)
	if err == nil {
		err = kernel.addDefaultRoute(gateway)
	}
	if err != nil {
		return fmt.Errorf("set the default route over %s: %w", n.Gateway, err)
	}
	return nil
}

// BringUp brings an interface up.
func BringUp(name string) error {
	kernel, err := openInet()
	if err != nil {
		return err
	}
	defer kernel.Close()
	return kernel.bringUp(name)
}
