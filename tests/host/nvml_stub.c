/* A libnvidia-ml.so.1 of two cards, for the tests. NVML_STUB says how they are:
 * healthy, throttled, bare (hardly any function is supported), mismatch, unloaded, lost, wedged.
 * Layouts are those of nvml.h; only what perftui calls is here. */
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7,
       DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15, MISMATCH = 18, UNKNOWN = 999 };

typedef struct card { int index; int asked; } card_t;
typedef struct { unsigned gpu, memory; } utilization_t;
typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned long long reference, violation; } violation_t;
typedef struct { unsigned pid; unsigned long long memory; unsigned gpu_instance, compute_instance; } process_t;
typedef struct { unsigned pid; unsigned long long time; unsigned sm, memory, encoder, decoder; } sample_t;
typedef struct {
    unsigned field, scope; long long time, latency; unsigned type, status;
    union { double d; unsigned ui; unsigned long ul; unsigned long long ull; long long sll; } value;
} field_t;

static card_t cards[2] = {{0, 0}, {1, 0}};

static int is(const char *how) {
    const char *wanted = getenv("NVML_STUB");
    return wanted && !strcmp(wanted, how);
}

/* The state of the second card in "lost": gone after it was seen once. */
static int gone(card_t *card) { return is("lost") && card->index == 1 && card->asked > 1; }

static int bare(card_t *card) { return gone(card) ? GPU_IS_LOST : is("bare") ? NOT_SUPPORTED : SUCCESS; }

#define ANSWER(card, statement) do { int said = bare(card); if (said == SUCCESS) { statement; } return said; } while (0)

int nvmlInitWithFlags(unsigned flags) {
    return is("mismatch") ? MISMATCH : is("unloaded") ? DRIVER_NOT_LOADED : is("forbidden") ? NO_PERMISSION : SUCCESS;
}
int nvmlShutdown(void) { return SUCCESS; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return is("wedged") ? UNKNOWN : SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, card_t **card) {
    *card = &cards[index];
    (*card)->asked++;
    return SUCCESS;
}
int nvmlDeviceGetName(card_t *card, char *name, unsigned size) {
    strncpy(name, card->index ? "Stub \033[31mB" : "Stub A", size);
    return SUCCESS;
}
int nvmlDeviceGetUUID(card_t *card, char *uuid, unsigned size) {
    strncpy(uuid, card->index ? "GPU-2" : "GPU-1", size);
    return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(card_t *card, utilization_t *use) { ANSWER(card, use->gpu = 87; use->memory = 40); }
int nvmlDeviceGetMemoryInfo(card_t *card, memory_t *memory) {
    ANSWER(card, memory->total = 1ULL << 34; memory->used = 1ULL << 33; memory->free = 1ULL << 33);
}
int nvmlDeviceGetPowerUsage(card_t *card, unsigned *milliwatts) { ANSWER(card, *milliwatts = is("throttled") ? 399500 : 250500); }
int nvmlDeviceGetEnforcedPowerLimit(card_t *card, unsigned *milliwatts) { ANSWER(card, *milliwatts = 400000); }
int nvmlDeviceGetClockInfo(card_t *card, int clock, unsigned *mhz) {
    ANSWER(card, *mhz = clock == 1 ? (is("throttled") ? 900 : 1980) : 1593);
}
int nvmlDeviceGetMaxClockInfo(card_t *card, int clock, unsigned *mhz) { ANSWER(card, *mhz = clock == 1 ? 1980 : 1593); }
int nvmlDeviceGetTemperature(card_t *card, int sensor, unsigned *degrees) { ANSWER(card, *degrees = is("throttled") ? 92 : 61); }
int nvmlDeviceGetTemperatureThreshold(card_t *card, int which, unsigned *degrees) { ANSWER(card, *degrees = which == 1 ? 93 : 0); }
int nvmlDeviceGetCurrentClocksThrottleReasons(card_t *card, unsigned long long *bits) {
    ANSWER(card, *bits = is("throttled") ? 0x4 | 0x40 | 0x200 : 0);  /* as in drivers before 535, without …EventReasons */
}
int nvmlDeviceGetViolationStatus(card_t *card, int policy, violation_t *violation) {
    ANSWER(card, violation->violation = is("throttled") ? (policy ? 1000000ULL : 500000000ULL * card->asked) : 0);
}
int nvmlDeviceGetTotalEccErrors(card_t *card, int kind, int counter, unsigned long long *count) {
    if (card->index == 1 && bare(card) == SUCCESS)
        return NOT_SUPPORTED;
    ANSWER(card, *count = kind ? 0 : 7);
}
int nvmlDeviceGetFieldValues(card_t *card, int count, field_t *fields) {
    if (bare(card) != SUCCESS)
        return bare(card);
    for (int at = 0; at < count; at++) {
        fields[at].status = card->index ? NOT_SUPPORTED : SUCCESS;
        fields[at].type = 1;
        fields[at].value.ull = ~0ULL;  /* what lies beside a narrow value is not part of it */
        fields[at].value.ui = fields[at].field == 197 ? 1000000u * card->asked : 3000000u * card->asked;
    }
    return SUCCESS;
}

static int list(card_t *card, unsigned *count, process_t *found, unsigned pid, unsigned long long memory) {
    if (bare(card) != SUCCESS)
        return bare(card);
    if (card->index == 1) {
        *count = 0;
        return SUCCESS;
    }
    if (!found) {
        *count = 1;
        return INSUFFICIENT_SIZE;
    }
    *count = 1;
    memset(found, 0, sizeof *found);
    found->pid = pid;
    found->memory = memory;
    return SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(card_t *card, unsigned *count, process_t *found) {
    return list(card, count, found, 4242, 1ULL << 32);
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(card_t *card, unsigned *count, process_t *found) {
    return list(card, count, found, 77, ~0ULL);  /* NVML_VALUE_NOT_AVAILABLE */
}
int nvmlDeviceGetProcessUtilization(card_t *card, sample_t *samples, unsigned *count, unsigned long long since) {
    if (bare(card) != SUCCESS)
        return bare(card);
    if (since >= 2000)
        return NOT_FOUND;
    if (!samples) {
        *count = 2;
        return INSUFFICIENT_SIZE;
    }
    memset(samples, 0, 2 * sizeof *samples);
    samples[0].pid = samples[1].pid = 4242;
    samples[0].time = 2000;
    samples[0].sm = 63;
    samples[0].memory = 21;
    samples[1].time = 1000;
    samples[1].sm = 5;
    *count = 2;
    return SUCCESS;
}
