/* A driver's library of two GPUs, the second of which fell off the bus while it worked. The
   signatures are those of NVIDIA's NVML API reference; what is missing here the driver lacks. */
#include <stdio.h>
#include <string.h>

enum { OK = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, LOST = 15 };
typedef struct { int index; } gpu;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2;
typedef struct {
    char legacy[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char bus_id[32];
} pci;
static gpu gpus[2] = {{0}, {1}};

int nvmlInitWithFlags(unsigned flags) { (void)flags; return OK; }
int nvmlShutdown(void) { return OK; }
const char *nvmlErrorString(int code) { return code == LOST ? "GPU is lost" : "refused"; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) {
    snprintf(text, size, "550.00-pretend");
    return OK;
}
int nvmlSystemGetNVMLVersion(char *text, unsigned size) {
    snprintf(text, size, "12.550.00");
    return OK;
}
int nvmlSystemGetCudaDriverVersion_v2(int *version) { *version = 12040; return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, gpu **device) {
    if (index > 1) return INVALID_ARGUMENT;
    *device = &gpus[index];
    return OK;
}
int nvmlDeviceGetName(gpu *device, char *text, unsigned size) {
    snprintf(text, size, "Pretend GPU %d", device->index);
    return OK;
}
int nvmlDeviceGetUUID(gpu *device, char *text, unsigned size) {
    snprintf(text, size, "GPU-pretend-%d", device->index);
    return OK;
}
int nvmlDeviceGetPciInfo_v3(gpu *device, pci *info) {
    memset(info, 0, sizeof *info);
    snprintf(info->bus_id, sizeof info->bus_id, "00000000:%X:00.0", 0x3B + device->index);
    return OK;
}
int nvmlDeviceGetArchitecture(gpu *device, unsigned *architecture) {
    (void)device;
    *architecture = 8;
    return OK;
}
int nvmlDeviceGetCudaComputeCapability(gpu *device, int *major, int *minor) {
    (void)device;
    *major = 8;
    *minor = 9;
    return OK;
}
int nvmlDeviceGetMemoryInfo_v2(gpu *device, memory_v2 *info) {
    (void)device;
    info->total = 24ull << 30;
    info->reserved = 1ull << 28;
    info->used = 3ull << 30;
    info->free = info->total - info->used - info->reserved;
    return OK;
}
int nvmlDeviceGetPowerUsage(gpu *device, unsigned *milliwatts) {
    if (device->index == 1) return LOST;
    *milliwatts = 55500;
    return OK;
}
int nvmlDeviceGetEccMode(gpu *device, int *current, int *pending) {
    (void)device, (void)current, (void)pending;
    return NOT_SUPPORTED;
}
int nvmlDeviceGetNvLinkState(gpu *device, unsigned link, unsigned *active) {
    (void)device, (void)link, (void)active;
    return NOT_SUPPORTED;
}
int nvmlDeviceGetTopologyCommonAncestor(gpu *first, gpu *second, int *level) {
    (void)first, (void)second;
    *level = 10;
    return OK;
}
