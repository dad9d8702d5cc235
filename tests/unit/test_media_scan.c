/* Detection, on recorded trees. */
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/probe.h"
#include "src/media/scan.h"
#include "src/media/strings.h"
#include "src/media/sysfs.h"
#include "src/media/udevdb.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void find_in(const char *tree, const char *path, struct medium *medium)
{
	CLEANUP_FREE char *root = NULL;
	struct error error = {0};
	assert_true(asprintf(&root, "tests/vectors/trees/%s", tree) > 0);
	if (media_find(&(struct media_place){.root = root}, path, medium, &error) < 0)
		fail_msg("%s", error.sentence);
}

static const struct medium_obstacle *obstacle_of(const struct medium *medium, enum medium_use use)
{
	for (size_t i = 0; i < medium->obstacle_count; i++)
		if (medium->obstacles[i].use == use)
			return &medium->obstacles[i];
	return NULL;
}

static void assert_obstacle(
    const struct medium *medium, enum medium_use use, const char *device, const char *where)
{
	for (size_t i = 0; i < medium->obstacle_count; i++) {
		const struct medium_obstacle *obstacle = &medium->obstacles[i];
		if (obstacle->use == use && strcmp(obstacle->device, device) == 0 &&
		    strcmp(obstacle->where ? obstacle->where : "", where) == 0)
			return;
	}
	fail_msg("%s: no obstacle %s on %s at %s", medium->name, medium_use_word(use), device, where);
}

/* The emulator was told: usb-storage, serial=AA04012700012345, removable=on, 64 MiB; sfdisk: start=2048. */
static void a_usb_stick_is_usb_flash_with_its_label_and_mount(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("usb-stick", "/dev/sdb", &medium);
	assert_int_equal(medium.bus, BUS_USB);
	assert_int_equal(medium.kind, KIND_USB_FLASH);
	assert_string_equal(medium.vendor, "QEMU");
	assert_string_equal(medium.model, "QEMU HARDDISK");
	assert_string_equal(medium_confirmation(&medium), "AA04012700012345");
	assert_string_equal(medium.by_id, "usb-QEMU_QEMU_HARDDISK_AA04012700012345-0:0");
	assert_true(medium.size_bytes == UINT64_C(64) << 20);
	assert_true(medium.disk_sequence > 0);
	assert_true(medium.removable);
	assert_false(medium.discard);
	assert_int_equal(medium.partition_count, 1);
	assert_true(medium.partitions[0].start_bytes == 2048 * 512);
	assert_int_equal(medium.content_count, 2);
	assert_string_equal(medium.contents[0].type, "dos");
	assert_string_equal(medium.contents[1].device, "sdb1");
	assert_string_equal(medium.contents[1].type, "vfat");
	/* 写真 USB in the code page of Japanese Windows: foreign bytes, which are shown escaped. */
	assert_string_equal(medium.contents[1].label, "\x8e\xca\x90\x5e USB");
	assert_obstacle(&medium, USE_MOUNTED, "sdb1", "/media/hanako/写真 USB");
}

/* rotation_rate=1 (none) is told by SCSI over UAS; a plain USB disk tells no rate; a switch protects the
 * third. */
static void usb_disks_are_told_apart(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium uas = {0};
	CLEANUP(medium_release) struct medium disk = {0};
	CLEANUP(medium_release) struct medium protected = {0};
	find_in("usb-disks", "/dev/sde", &uas);
	find_in("usb-disks", "/dev/sdh", &disk);
	find_in("usb-disks", "/dev/sdi", &protected);
	assert_int_equal(uas.kind, KIND_SSD);
	assert_int_equal(disk.kind, KIND_HDD);
	assert_int_equal(protected.kind, KIND_USB_FLASH);
	assert_string_equal(disk.serial, "USBSSD20260001");
	assert_string_equal(protected.serial, "RO20260003");
	/* serial= and wwn= of the disk; its USB device was given none, and made one up. */
	assert_string_equal(uas.serial, "UAS20260002");
	assert_string_equal(uas.wwn, "0x5002538e40aa0002");
	assert_string_equal(uas.vendor, "KYTEST");
	assert_string_equal(uas.model, "UAS-SSD");
	assert_string_equal(uas.firmware, "0041");
	assert_int_equal(uas.obstacle_count, 0);
	assert_obstacle(&protected, USE_READ_ONLY, "sdi", "");
}

static void a_disk_behind_a_bridge_has_its_own_serial_not_the_bridges(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium with = {0};
	find_in("usb-sata-ssd", "/dev/sdc", &with);
	assert_int_equal(with.bus, BUS_USB);
	assert_int_equal(with.kind, KIND_SSD);
	assert_string_equal(with.serial, "S3Z1NB0K123456A");
	assert_string_equal(with.model, "Samsung SSD 860 EVO 500GB");
	assert_null(with.vendor);
	assert_string_equal(with.wwn, "0x5002538e40a1b2c3");
	assert_string_equal(with.by_id, "ata-Samsung_SSD_860_EVO_500GB_S3Z1NB0K123456A");
	assert_true(with.discard);
	assert_int_equal(with.physical_block_bytes, 4096);
	assert_int_equal(with.obstacle_count, 0);
}

static void what_udev_would_have_told_is_said_to_be_missing(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("usb-uas-no-udev", "/dev/sda", &medium);
	/* Of the disk, not of the USB device above it. */
	assert_string_equal(medium.serial, "UAS20260002");
	assert_string_equal(medium.wwn, "0x5002538e40aa0002");
	assert_int_equal(medium.kind, KIND_SSD);
	bool by_id = false;
	bool contents = false;
	bool serial = false;
	for (size_t i = 0; i < medium.missing_count; i++) {
		by_id |= strcmp(medium.missing[i], "by_id") == 0;
		contents |= strcmp(medium.missing[i], "contents") == 0;
		serial |= strcmp(medium.missing[i], "serial") == 0;
	}
	assert_true(by_id);
	assert_true(contents);
	assert_false(serial);
	CLEANUP(medium_release) struct medium known = {0};
	find_in("usb-sata-ssd", "/dev/sdc", &known);
	assert_int_equal(known.missing_count, 0);
}

/* The emulator was told: model=KYTEST HDD-2000, ver=FW10, rotation_rate=7200, 256 MiB. */
static void the_disk_under_the_running_systems_lvm_is_refused(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("hdd-lvm", "/dev/sdc", &medium);
	assert_int_equal(medium.bus, BUS_ATA);
	assert_int_equal(medium.kind, KIND_HDD);
	assert_null(medium.vendor);
	assert_string_equal(medium.model, "KYTEST HDD-2000");
	assert_string_equal(medium.serial, "HDD20260010");
	assert_string_equal(medium.wwn, "0x5000c50012340010");
	assert_string_equal(medium.firmware, "FW10");
	assert_string_equal(medium.by_id, "ata-KYTEST_HDD-2000_HDD20260010");
	assert_true(medium.size_bytes == UINT64_C(256) << 20);
	assert_int_equal(medium.obstacles[0].use, USE_SYSTEM);
	assert_obstacle(&medium, USE_SYSTEM, "sdc2", "/");
	assert_obstacle(&medium, USE_MOUNTED, "sdc1", "/boot/efi");
	assert_obstacle(&medium, USE_SWAP, "sdc2", "/dev/dm-1");
	assert_obstacle(&medium, USE_HOLDER, "sdc2", "dm-0");
	assert_obstacle(&medium, USE_HOLDER, "sdc2", "dm-1");
	assert_string_equal(medium.contents[2].type, "LVM2_member");
}

static void nvme_names_come_from_the_controller(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("nvme-eui", "/dev/nvme0n1", &medium);
	assert_int_equal(medium.bus, BUS_NVME);
	assert_int_equal(medium.kind, KIND_SSD);
	assert_string_equal(medium.serial, "S64DNX0T123456W");
	assert_string_equal(medium.firmware, "5B2QGXA7");
	assert_string_equal(medium.wwn, "eui.002538b411b2cd01");
	assert_string_equal(medium.by_id, "nvme-Samsung_SSD_980_PRO_1TB_S64DNX0T123456W");
}

/* The emulator was told serial=NVME2026003x; the kernel puts a name together from it that is not world-wide.
 */
static void an_nvme_without_a_world_wide_name_has_none(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium first = {0};
	CLEANUP(medium_release) struct medium second = {0};
	find_in("nvme", "/dev/nvme0n1", &first);
	find_in("nvme", "/dev/nvme1n1", &second);
	assert_string_equal(first.serial, "NVME20260030");
	assert_string_equal(second.serial, "NVME20260031");
	assert_string_equal(second.model, "QEMU NVMe Ctrl");
	assert_string_equal(second.by_id, "nvme-QEMU_NVMe_Ctrl_NVME20260031");
	assert_null(first.wwn);
	assert_int_equal(first.logical_block_bytes, 512);
	assert_int_equal(second.logical_block_bytes, 4096); /* logical_block_size=4096 */
	assert_true(second.size_bytes == UINT64_C(64) << 20);
	assert_true(first.discard);
}

/* With several controllers the kernel hangs a drive below the subsystem, among the virtual devices. */
static void an_nvme_below_its_subsystem_is_nvme_all_the_same(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("nvme-subsystem", "/dev/nvme2n1", &medium);
	assert_int_equal(medium.bus, BUS_NVME);
	assert_int_equal(medium.kind, KIND_SSD);
	assert_string_equal(medium.serial, "NVME20260033");
	assert_string_equal(medium.model, "QEMU NVMe Ctrl");
	assert_int_equal(medium.obstacle_count, 0);
}

/* The emulator's card says PNM "QEMU!" and PSN DEADBEEFh in its CID register. */
static void a_card_is_sd_and_named_by_its_register(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("sd-card", "/dev/mmcblk0", &medium);
	assert_int_equal(medium.bus, BUS_MMC);
	assert_int_equal(medium.kind, KIND_SD);
	assert_string_equal(medium.serial, "0xdeadbeef");
	assert_string_equal(medium.model, "QEMU!");
	assert_string_equal(medium.by_id, "mmc-QEMU__0xdeadbeef");
	assert_true(medium.size_bytes == UINT64_C(64) << 20);
	assert_string_equal(medium.contents[1].type, "exfat");
	assert_string_equal(medium.contents[1].label, "カメラ");
}

/* Of QEMU's own serial=, wwn=, logical_block_size=; the zones are scsi_debug's zbc=managed. */
static void scsi_disks_tell_their_blocks_and_zones(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium plain = {0};
	CLEANUP(medium_release) struct medium large = {0};
	CLEANUP(medium_release) struct medium zoned = {0};
	find_in("scsi-kinds", "/dev/sdo", &plain);
	find_in("scsi-kinds", "/dev/sdk", &large);
	find_in("scsi-kinds", "/dev/sdq", &zoned);
	assert_int_equal(plain.bus, BUS_SCSI);
	assert_int_equal(plain.kind, KIND_HDD);
	assert_string_equal(plain.vendor, "KYTEST");
	assert_string_equal(plain.model, "SAS-300");
	assert_string_equal(plain.serial, "SAS20260040");
	assert_string_equal(plain.wwn, "0x5000c50012340040");
	assert_null(plain.zoned);
	assert_int_equal(large.logical_block_bytes, 4096);
	assert_int_equal(large.physical_block_bytes, 4096);
	assert_true(large.size_bytes == UINT64_C(64) << 20);
	assert_null(large.wwn);
	assert_string_equal(zoned.zoned, "host-managed");
}

static void a_virtual_disk_has_its_hosts_serial_and_no_kind(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium medium = {0};
	find_in("virtio", "/dev/vda", &medium);
	assert_int_equal(medium.bus, BUS_VIRTIO);
	assert_int_equal(medium.kind, KIND_UNKNOWN);
	assert_string_equal(medium.serial, "VBLK20260050");
	assert_string_equal(medium.by_id, "virtio-VBLK20260050");
	assert_null(medium.vendor);
	assert_null(medium.model);
}

static void an_optical_drive_without_a_disc_is_empty(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium with = {0};
	CLEANUP(medium_release) struct medium without = {0};
	find_in("optical", "/dev/sr0", &with);
	find_in("optical", "/dev/sr1", &without);
	assert_int_equal(with.kind, KIND_OPTICAL);
	assert_int_equal(with.logical_block_bytes, 2048);
	/* genisoimage made the file of 372736 bytes, with the volume ARCHIVE_2026. */
	assert_true(with.size_bytes == 372736);
	assert_string_equal(with.contents[0].label, "ARCHIVE_2026");
	assert_string_equal(with.serial, "CD20260020");
	assert_true(without.size_bytes == 0);
	/* sysfs says 1 GiB and read-only of the drive that never had a disc. */
	assert_int_equal(without.obstacles[0].use, USE_EMPTY);
	assert_obstacle(&with, USE_READ_ONLY, "sr0", "");
}

static void every_raid_member_is_refused(void **state)
{
	(void)state;
	static const char *const members[] = {"sdg", "sdh"};
	for (size_t i = 0; i < LENGTH_OF(members); i++) {
		CLEANUP(medium_release) struct medium medium = {0};
		CLEANUP_FREE char *partition = NULL;
		find_in("md-member", members[i], &medium);
		assert_true(asprintf(&partition, "%s1", members[i]) > 0);
		assert_obstacle(&medium, USE_HOLDER, partition, "md0");
		assert_obstacle(&medium, USE_MOUNTED, partition, "/srv");
	}
	CLEANUP(medium_release) struct medium stopped = {0};
	CLEANUP(medium_release) struct medium array = {0};
	/* mdadm --stop ended its array, and udev put it together again. */
	find_in("md-member", "sdj", &stopped);
	assert_obstacle(&stopped, USE_HOLDER, "sdj", "md9");
	assert_string_equal(stopped.contents[0].type, "linux_raid_member");
	find_in("md-member", "md0", &array);
	assert_obstacle(&array, USE_MADE_OF_OTHERS, "md0", "");
}

static void both_paths_of_a_multipath_unit_are_refused(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium first = {0};
	CLEANUP(medium_release) struct medium second = {0};
	find_in("multipath", "/dev/sdn", &first);
	find_in("multipath", "/dev/sdp", &second);
	assert_int_equal(first.bus, BUS_SCSI);
	assert_obstacle(&first, USE_HOLDER, "sdn", "dm-0");
	assert_obstacle(&second, USE_HOLDER, "sdp", "dm-0");
	assert_int_equal(first.obstacle_count, 1);
	/* The unit's serial number, not the designator that udev puts into its short one. */
	assert_string_equal(first.serial, "LUN20260041");
	assert_string_equal(first.by_id, "scsi-0KYTEST_LUN_LUN20260041");
}

static void write_text(const char *directory, const char *name, const char *text)
{
	CLEANUP_FREE char *path = NULL;
	assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The recorded multipath unit, with a file system on it that is mounted. */
static void a_mounted_multipath_unit_is_told_by_the_path_that_was_asked_for(void **state)
{
	(void)state;
	char root[] = "/tmp/test_media_scan.XXXXXX";
	CLEANUP_FREE char *recorded = realpath("tests/vectors/trees/multipath/sys", NULL);
	CLEANUP_FREE char *sys = NULL;
	CLEANUP_FREE char *proc = NULL;
	CLEANUP_FREE char *self = NULL;
	CLEANUP_FREE char *clean = NULL;
	struct error error = {0};
	static const char *const paths[] = {"sdn", "sdp"};
	assert_non_null(mkdtemp(root));
	assert_true(asprintf(&sys, "%s/sys", root) > 0 && asprintf(&proc, "%s/proc", root) > 0 &&
		    asprintf(&self, "%s/self", proc) > 0 && asprintf(&clean, "rm -r %s", root) > 0);
	assert_int_equal(symlink(recorded, sys), 0);
	assert_int_equal(mkdir(proc, 0700), 0);
	assert_int_equal(mkdir(self, 0700), 0);
	write_text(self, "mountinfo", "40 1 253:0 / /srv rw - ext4 /dev/mapper/mpatha rw\n");
	for (size_t i = 0; i < LENGTH_OF(paths); i++) {
		CLEANUP(medium_release) struct medium medium = {0};
		assert_int_equal(
		    media_find(&(struct media_place){.root = root}, paths[i], &medium, &error), 0);
		assert_obstacle(&medium, USE_MOUNTED, paths[i], "/srv");
		assert_obstacle(&medium, USE_HOLDER, paths[i], "dm-0");
		assert_int_equal(medium.obstacle_count, 2);
	}
	assert_int_equal(system(clean), 0);
}

/* Two disks to a kernel without multipath, with one wwn=0x600a098012340041: the first is mounted. */
static void a_unit_that_is_mounted_by_one_path_is_refused_by_the_other(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium own = {0};
	CLEANUP(medium_release) struct medium other = {0};
	find_in("two-paths", "/dev/sdn", &own);
	find_in("two-paths", "/dev/sdp", &other);
	assert_obstacle(&own, USE_MOUNTED, "sdn", "/srv/both");
	assert_obstacle(&other, USE_MOUNTED, "sdn", "/srv/both");
	assert_int_equal(own.obstacle_count, 1);
}

/* sdb1 is open as "vault"; sdb3 is swap in use; sdb2 is free. */
static void an_open_encrypted_partition_holds_its_disk_but_not_its_sibling(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium disk = {0};
	CLEANUP(medium_release) struct medium held = {0};
	CLEANUP(medium_release) struct medium sibling = {0};
	find_in("crypt", "/dev/sdb", &disk);
	find_in("crypt", "/dev/sdb1", &held);
	find_in("crypt", "/dev/sdb2", &sibling);
	assert_obstacle(&disk, USE_HOLDER, "sdb1", "dm-2");
	assert_obstacle(&disk, USE_SWAP, "sdb3", "/dev/sdb3");
	assert_obstacle(&held, USE_HOLDER, "sdb1", "dm-2");
	assert_null(obstacle_of(&held, USE_SWAP));
	assert_null(obstacle_of(&sibling, USE_HOLDER));
	assert_null(obstacle_of(&sibling, USE_SWAP));
	assert_obstacle(&sibling, USE_PARTITION, "sdb2", "/dev/sdb");
	assert_true(sibling.is_partition);
	assert_string_equal(sibling.serial, "SSD20260013");
	assert_string_equal(sibling.by_id, "ata-QEMU_HARDDISK_SSD20260013-part2");
	assert_string_equal(held.contents[0].type, "crypto_LUKS");
	assert_string_equal(held.contents[0].label, "金庫");
}

static void every_disk_of_a_btrfs_carries_the_system(void **state)
{
	(void)state;
	CLEANUP(medium_release) struct medium named = {0};
	CLEANUP(medium_release) struct medium silent = {0};
	find_in("btrfs-two-disks", "/dev/sdf", &named);
	find_in("btrfs-two-disks", "/dev/sde", &silent);
	assert_obstacle(&named, USE_SYSTEM, "sdf", "/");
	assert_obstacle(&silent, USE_SYSTEM, "sde", "/");
}

static void a_list_is_in_natural_order_and_of_whole_media(void **state)
{
	(void)state;
	CLEANUP(media_list_release) struct media_list list = {0};
	struct error error = {0};
	assert_int_equal(
	    media_scan(&(struct media_place){.root = "tests/vectors/trees/nvme-eui"}, &list, &error), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.media[0].name, "nvme0n1");
	assert_string_equal(list.media[1].name, "nvme10n1");
	assert_true(sysfs_compare_names("sdz", "sdaa") < 0);
	assert_true(sysfs_compare_names("sda", "sdb") < 0);
	assert_true(sysfs_compare_names("nvme2n1", "nvme10n1") < 0);
	assert_true(sysfs_compare_names("sda2", "sda10") < 0);
	assert_int_equal(sysfs_compare_names("sda", "sda"), 0);
}

static void a_device_that_is_not_there_is_refused(void **state)
{
	(void)state;
	struct medium medium = {0};
	struct error error = {0};
	assert_int_equal(media_find(&(struct media_place){.root = "tests/vectors/trees/nvme"}, "/dev/sdq",
			     &medium, &error),
	    -ENODEV);
	assert_int_equal(error_exit_status(&error), 2);
}

static void a_serial_page_longer_than_its_bytes_is_not_believed(void **state)
{
	(void)state;
	static const unsigned char honest[] = {0, 0x80, 0, 6, ' ', 'A', 'B', 'C', ' ', ' ', 'X'};
	static const unsigned char lying[] = {0, 0x80, 0xff, 0xff, 'A', 'B', 'C', 0};
	static const unsigned char another[] = {0, 0x83, 0, 2, 'A', 'B'};
	CLEANUP_FREE char *trimmed = strings_serial_of_page(honest, sizeof honest);
	CLEANUP_FREE char *cut = strings_serial_of_page(lying, 6);
	assert_string_equal(trimmed, "ABC");
	assert_string_equal(cut, "AB");
	assert_null(strings_serial_of_page(another, sizeof another));
	assert_null(strings_serial_of_page(lying, 3));
}

static void a_probes_answer_is_checked_before_it_is_believed(void **state)
{
	(void)state;
	static const struct probe_source source = {.device = "sda", .descriptor = -1};
	static const struct {
		const char *answer;
		int status;
		size_t contents;
	} cases[] = {
	    {"[{\"source\":0,\"type\":\"ext4\",\"usage\":\"filesystem\",\"label\":\"x\",\"uuid\":null,"
	     "\"version\":null}]",
		0, 1},
	    {"[{\"source\":1,\"type\":\"ext4\"}]", 0, 0},
	    {"[{\"source\":-1,\"type\":\"ext4\"}]", 0, 0},
	    {"[{\"source\":0,\"type\":7}]", 0, 0},
	    {"[7,null,[]]", 0, 0},
	    {"{}", -EBADMSG, 0},
	    {"[", -EBADMSG, 0},
	    {"[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]",
		-EBADMSG, 0},
	};
	for (size_t i = 0; i < LENGTH_OF(cases); i++) {
		CLEANUP(medium_release) struct medium medium = {0};
		struct error error = {0};
		assert_int_equal(
		    probe_take_answer(cases[i].answer, strlen(cases[i].answer), &source, 1, &medium, &error),
		    cases[i].status);
		assert_int_equal(medium.content_count, cases[i].contents);
	}
}

static void udevs_escapes_are_undone_and_broken_ones_kept(void **state)
{
	(void)state;
	static const char text[] = "A=x\\x20y\nB=\\x2\nno equals\nC=\nD=a=b";
	CLEANUP(udevdb_release) struct udev_properties properties = {0};
	struct error error = {0};
	assert_int_equal(udevdb_parse(text, strlen(text), &properties, &error), 0);
	CLEANUP_FREE char *a = udevdb_decoded(&properties, "A");
	CLEANUP_FREE char *b = udevdb_decoded(&properties, "B");
	assert_string_equal(a, "x y");
	assert_string_equal(b, "\\x2");
	assert_null(udevdb_get(&properties, "C"));
	assert_string_equal(udevdb_get(&properties, "D"), "a=b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_usb_stick_is_usb_flash_with_its_label_and_mount),
	    cmocka_unit_test(usb_disks_are_told_apart),
	    cmocka_unit_test(a_disk_behind_a_bridge_has_its_own_serial_not_the_bridges),
	    cmocka_unit_test(what_udev_would_have_told_is_said_to_be_missing),
	    cmocka_unit_test(the_disk_under_the_running_systems_lvm_is_refused),
	    cmocka_unit_test(nvme_names_come_from_the_controller),
	    cmocka_unit_test(an_nvme_without_a_world_wide_name_has_none),
	    cmocka_unit_test(an_nvme_below_its_subsystem_is_nvme_all_the_same),
	    cmocka_unit_test(a_card_is_sd_and_named_by_its_register),
	    cmocka_unit_test(scsi_disks_tell_their_blocks_and_zones),
	    cmocka_unit_test(a_virtual_disk_has_its_hosts_serial_and_no_kind),
	    cmocka_unit_test(an_optical_drive_without_a_disc_is_empty),
	    cmocka_unit_test(every_raid_member_is_refused),
	    cmocka_unit_test(both_paths_of_a_multipath_unit_are_refused),
	    cmocka_unit_test(a_mounted_multipath_unit_is_told_by_the_path_that_was_asked_for),
	    cmocka_unit_test(a_unit_that_is_mounted_by_one_path_is_refused_by_the_other),
	    cmocka_unit_test(an_open_encrypted_partition_holds_its_disk_but_not_its_sibling),
	    cmocka_unit_test(every_disk_of_a_btrfs_carries_the_system),
	    cmocka_unit_test(a_list_is_in_natural_order_and_of_whole_media),
	    cmocka_unit_test(a_device_that_is_not_there_is_refused),
	    cmocka_unit_test(a_serial_page_longer_than_its_bytes_is_not_believed),
	    cmocka_unit_test(a_probes_answer_is_checked_before_it_is_believed),
	    cmocka_unit_test(udevs_escapes_are_undone_and_broken_ones_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
