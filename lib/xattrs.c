#include "xattrs.h"

#include "array.h"

#include <stdlib.h>
#include <string.h>

int xattrs_add(struct xattrs *list, const char *name, size_t name_length, const void *value,
               size_t length)
{
    struct xattr_slot slot = {.name = list->text.length, .length = length};
    slot.value = slot.name + name_length + 1;
    if (array_reserve(&list->slots, &list->capacity, list->count + 1, sizeof *list->slots) != 0 ||
        buf_reserve(&list->text, name_length + 1 + length) != 0)
        return -1;
    (void)buf_append(&list->text, name, name_length);
    (void)buf_append(&list->text, "", 1);
    (void)buf_append(&list->text, value, length);
    list->slots[list->count++] = slot;
    return 0;
}

static int slot_compare(const void *left, const void *right, void *text)
{
    const struct xattr_slot *a = left, *b = right;
    int order = strcmp((const char *)text + a->name, (const char *)text + b->name);
    if (order != 0)
        return order;
    /* Equal names stay in the order of insertion, which is that of their texts. */
    return (a->name > b->name) - (a->name < b->name);
}

bool xattrs_finish(struct xattrs *list)
{
    if (list->count < 2)
        return true;
    qsort_r(list->slots, list->count, sizeof *list->slots, slot_compare, list->text.bytes);
    size_t kept = 0;
    bool agree = true;
    for (size_t i = 0; i < list->count; i++) {
        struct xattr this = xattrs_get(list, i), next = this;
        if (i + 1 < list->count)
            next = xattrs_get(list, i + 1);
        if (this.name == next.name || strcmp(this.name, next.name) != 0)
            list->slots[kept++] = list->slots[i];
        else if (this.length != next.length || memcmp(this.value, next.value, this.length) != 0)
            agree = false;
    }
    list->count = kept;
    return agree;
}

struct xattr xattrs_get(const struct xattrs *list, size_t index)
{
    const struct xattr_slot *slot = &list->slots[index];
    return (struct xattr){
        .name = list->text.bytes + slot->name,
        .value = list->text.bytes + slot->value,
        .length = slot->length,
    };
}

void *xattrs_value(struct xattrs *list, size_t index)
{
    return list->text.bytes + list->slots[index].value;
}

int xattrs_find(const struct xattrs *list, const char *name, struct xattr *found)
{
    for (size_t i = list->count; i-- > 0;) {
        struct xattr xattr = xattrs_get(list, i);
        if (strcmp(xattr.name, name) == 0) {
            *found = xattr;
            return 0;
        }
    }
    return -1;
}

void xattrs_remove(struct xattrs *list, size_t index)
{
    memmove(list->slots + index, list->slots + index + 1,
            (list->count - index - 1) * sizeof *list->slots);
    list->count--;
}

void xattrs_clear(struct xattrs *list)
{
    list->count = 0;
    list->text.length = 0;
}

int xattrs_copy(struct xattrs *list, const struct xattrs *from)
{
    for (size_t i = 0; i < from->count; i++) {
        struct xattr xattr = xattrs_get(from, i);
        if (xattrs_add(list, xattr.name, strlen(xattr.name), xattr.value, xattr.length) != 0)
            return -1;
    }
    return 0;
}

bool xattr_is_local(const char *name)
{
    static const char *const local[] = {"security.selinux", "security.ima", "security.evm",
                                        "system.nfs4_acl"};
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (strcmp(name, local[i]) == 0)
            return true;
    }
    return false;
}

void xattrs_free(struct xattrs *list)
{
    free(list->slots);
    buf_free(&list->text);
    *list = (struct xattrs){0};
}
