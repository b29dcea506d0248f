// SPDX-License-Identifier: Apache-2.0
/* unit/test_msg.c - messages on the heap, and one layout for every map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "proto/csi.pb-c.h"
#include "proto/msg.h"

static void one_layout_for_all_maps(void **state)
{
    (void)state;
    assert_int_equal(offsetof(Csi__V1__Topology__SegmentsEntry, key),
                     offsetof(struct dc_msg_entry, key));
    assert_int_equal(offsetof(Csi__V1__Topology__SegmentsEntry, value),
                     offsetof(struct dc_msg_entry, value));
    assert_int_equal(offsetof(Csi__V1__CreateVolumeRequest__SecretsEntry, value),
                     offsetof(struct dc_msg_entry, value));
    assert_int_equal(sizeof(Csi__V1__CreateVolumeRequest__SecretsEntry),
                     sizeof(struct dc_msg_entry));
}

/* What is put in comes out, also of a copy; what is repeated counts last. */
static void maps_and_copies(void **state)
{
    static const struct dc_kv pairs[] = {{"key", "first"}, {"empty", ""}, {"key", "last"}};
    Csi__V1__Topology *t = dc_msg_new(&csi__v1__topology__descriptor), *copy;
    struct dc_err err = {0};

    (void)state;
    assert_non_null(t);
    assert_int_equal(dc_msg_map(&csi__v1__topology__segments_entry__descriptor,
                                (struct dc_kvs){pairs, DC_LEN(pairs)}, &t->n_segments,
                                &t->segments, &err),
                     0);
    assert_int_equal(t->n_segments, DC_LEN(pairs));
    copy = dc_msg_copy(&t->base);
    protobuf_c_message_free_unpacked(&t->base, NULL);
    assert_non_null(copy);
    assert_int_equal(copy->n_segments, DC_LEN(pairs));
    assert_string_equal(dc_map_get(copy->n_segments, copy->segments, "key"), "last");
    assert_string_equal(dc_map_get(copy->n_segments, copy->segments, "empty"), "");
    assert_null(dc_map_get(copy->n_segments, copy->segments, "other"));
    protobuf_c_message_free_unpacked(&copy->base, NULL);
}

static void texts(void **state)
{
    static const char *const items[] = {"a", ""};
    Csi__V1__VolumeCapability__MountVolume *m =
        dc_msg_new(&csi__v1__volume_capability__mount_volume__descriptor);
    struct dc_err err = {0};
    const char *shared;

    (void)state;
    assert_non_null(m);
    shared = m->fs_type;
    assert_int_equal(dc_msg_text(&m->fs_type, "", &err), 0);
    assert_int_equal(dc_msg_text(&m->fs_type, NULL, &err), 0);
    assert_ptr_equal(m->fs_type, shared);
    assert_int_equal(dc_msg_text(&m->fs_type, "xfs", &err), 0);
    assert_int_equal(
        dc_msg_texts(items, DC_LEN(items), &m->n_mount_flags, &m->mount_flags, &err), 0);
    assert_int_equal(m->n_mount_flags, 2);
    assert_string_equal(m->mount_flags[0], "a");
    assert_string_equal(m->mount_flags[1], "");
    protobuf_c_message_free_unpacked(&m->base, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_layout_for_all_maps),
        cmocka_unit_test(maps_and_copies),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
